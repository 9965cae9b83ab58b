"""Where sentences start in clinical text: abbreviations, decimals, headings, lists and wrapped lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

#: A sentence of more words is none, but a table or noise, and is cut: what reads sentences stays fast on it.
LONGEST_SENTENCE = 400

#: A line shorter than this that ends without a full stop was not wrapped: its end ends the sentence.
WRAPPED_LINE = 60

#: Abbreviations that end in a full stop without ending the sentence.
ABBREVIATIONS: Mapping[str, str] = {
    "en": "al. approx. appt. b.i.d. bid. ca. cf. dept. dr. e.g. et al. fig. figs. hosp. i.e. i.m. i.v. max. min. "
    "mr. mrs. ms. no. nos. p.o. p.r.n. pt. pts. prof. q.d. q.i.d. resp. s.c. st. t.i.d. tab. vs. wt. yr. yrs.",
    "de": "a. abb. abd. allg. amb. anamn. bakt. bds. bes. bez. bspw. bzgl. bzw. ca. chron. chir. d. d.h. diagn. "
    "dr. erg. evtl. exc. gem. ges. gg. ggf. ggü. geb. hr. i.d.r. i.m. i.v. incl. inkl. insb. insg. klin. "
    "li. lt. lks. lfd. max. med. mind. min. mon. n. n.b. nr. o.a. o.ä. o.b. o.g. p.a. p.o. p.i. pat. path. "
    "postop. präop. prof. re. s.c. s.o. s.u. sek. seitl. sog. std. stat. st. st.n. st.p. str. tab. tgl. "
    "therap. u.a. u.u. unauff. usw. v.a. v. vgl. wg. wö. z. z.b. z.n. z.t. zn. zw. zus.",
}

#: Those of them that never stand at the end of a sentence; in German a capital letter proves nothing.
LEADING = frozenset("approx. ca. cf. dr. e.g. fig. figs. i.e. max. min. mr. mrs. ms. no. nos. prof. st. vs.".split())

SENTENCE_ENDS = frozenset(".!?…。")
BULLETS = frozenset("-–—•·*")


def sentence_starts(words: Sequence[str], *, abbreviations: frozenset[str], ordinals: bool) -> Iterator[int]:
    """Indices of words that begin a sentence, apart from the first."""
    line = 0  # length of the current line so far
    ended = False  # the last visible word ends a sentence, whatever follows
    broke = False  # a line break since the last visible word that counts as an end
    seen = ["", "", ""]  # the last visible words
    length = 0  # words of the sentence so far
    for index, word in enumerate(words):
        if word.isspace():
            breaks = word.replace("\r\n", "\n").count("\n") + word.count("\r") * ("\n" not in word)
            if breaks:
                broke = broke or breaks > 1 or line < WRAPPED_LINE or seen[-1] in SENTENCE_ENDS or seen[-1] == ":"
                line = 0
            continue
        fresh = line == 0 and (word in BULLETS or words[index + 1 : index + 2] == [":"])
        if seen[-1] and (broke or fresh or length >= LONGEST_SENTENCE or (ended and _may_start(word))):
            yield index
            length = 0
        length += 1
        seen = [*seen[1:], word]
        broke = False
        line += len(word) + 1
        ended = word[-1] in SENTENCE_ENDS and _ends(seen, abbreviations, ordinals)


def _ends(seen: Sequence[str], abbreviations: frozenset[str], ordinals: bool) -> bool:
    """Whether the last of some words, which has a full stop at its end, can end a sentence."""
    earlier, before, word = seen
    if word.lower() in abbreviations:
        return not ordinals and word.lower() not in LEADING
    if word != ".":
        return word in SENTENCE_ENDS or (len(word) == 2 and before[:1].isdigit())
    if ordinals and before.isdigit() and len(before) <= 2:
        return False
    initial = len(before) == 1 and before.isupper() and earlier != "/"
    return f"{before.lower()}." not in abbreviations and not initial


def _may_start(word: str) -> bool:
    return not word[0].islower() and word[0] not in ",;:)]}%"

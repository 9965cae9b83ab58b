"""Where sentences start in clinical text: abbreviations, ordinals, decimals, headings, lists and wrapped lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from curation.record import Frozen
from curation.text.dates import month_numbers
from curation.text.word_lists import FOLDER, read_word_list

#: A sentence of more words is none, but a table or noise, and is cut: what reads sentences stays fast on it.
LONGEST_SENTENCE = 400

#: A line shorter than this that ends without a full stop was not wrapped: its end ends the sentence.
WRAPPED_LINE = 60

#: A German number with a full stop up to this one may be an ordinal; a greater one only before a noun of ordinals.
HIGHEST_ORDINAL = 31

SENTENCE_ENDS = frozenset(".!?…。！？｡؟۔।")
LIST_NUMBER = re.compile(r"\d{1,2}\.")
BULLETS = frozenset("-–—•·*")


class AbbreviationList(Frozen):
    """The entry of a language in the file of abbreviations: words with blanks between them."""

    abbreviations: str
    leading: str = ""
    starters: str = ""
    ordinal_nouns: str = ""


@dataclass(frozen=True, slots=True)
class SentenceGrammar:
    """What marks the end of a sentence in a language; words in lower case, abbreviations as they are written too."""

    spellings: tuple[str, ...] = ()
    abbreviations: frozenset[str] = frozenset()
    leading: frozenset[str] = frozenset()
    starters: frozenset[str] = frozenset()
    ordinal_nouns: frozenset[str] = frozenset()

    @property
    def nouns_are_capital(self) -> bool:
        """Whether a capital letter proves no start of a sentence, as in German."""
        return bool(self.starters)


@cache
def sentence_grammar(language: str) -> SentenceGrammar:
    """The grammar of English (en) or German (de); one without words for other languages."""
    found = read_word_list(FOLDER / "abbreviations.yaml", dict[str, AbbreviationList]).get(language)
    if found is None:
        return SentenceGrammar()
    spellings = tuple(found.abbreviations.split())
    return SentenceGrammar(
        spellings=spellings,
        abbreviations=frozenset(spelling.lower() for spelling in spellings),
        leading=frozenset(found.leading.lower().split()),
        starters=frozenset(found.starters.split()),
        ordinal_nouns=frozenset([*found.ordinal_nouns.split(), *month_numbers(language)]),
    )


def sentence_starts(words: Sequence[str], grammar: SentenceGrammar) -> Iterator[int]:
    """Indices of words that begin a sentence, apart from the first."""
    line = 0  # length of the current line so far
    in_line = 0  # visible words of the current line so far
    broke = False  # a line break since the last visible word that counts as an end
    seen = ["", "", ""]  # the last visible words
    length = 0  # words of the sentence so far
    for index, word in enumerate(words):
        if word.isspace():
            breaks = word.replace("\r\n", "\n").count("\n") + word.count("\r") * ("\n" not in word)
            if breaks:
                broke = broke or breaks > 1 or line < WRAPPED_LINE or seen[-1] in SENTENCE_ENDS or seen[-1] == ":"
                line = in_line = 0
            continue
        fresh = line == 0 and (word in BULLETS or words[index + 1 : index + 2] == [":"])
        ended = (
            seen[-1][-1:] in SENTENCE_ENDS
            and _may_start(word)
            and not (in_line and LIST_NUMBER.fullmatch("".join(seen[-in_line:])))
            and _ends(seen, word, grammar)
        )
        if seen[-1] and (broke or fresh or length >= LONGEST_SENTENCE or ended):
            yield index
            length = 0
        length += 1
        seen = [*seen[1:], word]
        broke = False
        line += len(word) + 1
        in_line += 1


def _may_start(word: str) -> bool:
    return not word[0].islower() and word[0] not in ",;:)]}%"


def _ends(seen: Sequence[str], following: str, grammar: SentenceGrammar) -> bool:
    """Whether the last of some words, which has a full stop or another such sign at its end, ends a sentence."""
    earlier, before, word = seen
    if before == "/" and len(word) == 2:
        return True  # a unit: mg/d.
    if word.lower() in grammar.abbreviations:
        return _after_abbreviation(word.lower(), following, grammar)
    if grammar.nouns_are_capital and word[:-1].isdecimal() and len(word) <= 3:
        return _after_number(before, int(word[:-1]), following, grammar)
    if word != ".":
        return word in SENTENCE_ENDS or (len(word) == 2 and before[:1].isdigit())
    if f"{before.lower()}." in grammar.abbreviations:
        return _after_abbreviation(f"{before.lower()}.", following, grammar)
    if grammar.nouns_are_capital and before.isdecimal() and len(before) <= 2:
        return _after_number(earlier, int(before), following, grammar)
    return not (len(before) == 1 and before.isupper() and earlier != "/")


def _after_abbreviation(abbreviation: str, following: str, grammar: SentenceGrammar) -> bool:
    if abbreviation in grammar.leading:
        return False
    return not grammar.nouns_are_capital or _starts(following, grammar)


def _after_number(before: str, number: int, following: str, grammar: SentenceGrammar) -> bool:
    """Whether a number with a full stop ends a sentence: "Puls 80." does, "5. Tag" and "1. Pneumonie" do not."""
    if not before or following.lower().rstrip(".") in grammar.ordinal_nouns:
        return False
    return number > HIGHEST_ORDINAL or _starts(following, grammar)


def _starts(following: str, grammar: SentenceGrammar) -> bool:
    return following[0].isupper() and following.lower() in grammar.starters

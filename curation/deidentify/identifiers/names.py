"""Names of people, by what stands around them: titles, labels, birth dates, first names, signatures.

There is no model and no list of all surnames. A capitalised word is a name where its context shows it; after
that it is found again wherever it stands in the same text, unless it is also a medical word or the
name of a disease.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind
from curation.deidentify.identifiers.name_lexicon import TOKEN, NameLexicon, lexicon
from curation.deidentify.identifiers.names_again import find_again, is_eponym, name_words

PART = re.compile(r"[^\W\d_]{1,2}\.(?:-?[^\W\d_]\.)*|[^\W\d_]+(?:[-'’´](?!s\b)[^\W\d_]+)*")
GAP = re.compile(r" {1,2}|\t(?!\t)|(?<=\.)")
#: The end of a line between a first name and the surname, which is all that begins the next one.
WRAP = re.compile(r"[ \t]?\n[ \t]*(?=[^\W\d_]+(?:-[^\W\d_]+)*(?:[.,;)]|[ ][a-zäöü]|\s*$|\n))")
COMMA = re.compile(r"[ ]?,[ \t]?")
#: A birth date behind a name.
DATED = re.compile(r"(?: ?,|\s{0,3})\s?(?:[mwdMWDF]\s{1,3})?(?:\(|\*|geb|born|\d{1,2} ?\. ?\d{1,2} ?\.)")
CELLS = re.compile(r"\t| {2,}|[/,(]| [-–] |\n")
#: No name begins with these.
JOINING = ("und ", "y ")
#: Words that also go on with the sentence, and behind what they belong to a name: "Anna zur Mühlen", "von und zu
#: Brenken", and not "Kern zur Operation".
LOOSE = {"und": ("particle",), **dict.fromkeys(("zur", "zum", "den", "der"), ("particle", "first"))}
#: A surname that begins with a small letter (d'Alembert); a particle that is cut short (v. Bülow).
ELIDED = re.compile(r"[dl]['’´][^\W\d_]")
SHORT_PARTICLES = frozenset({"v.", "d.", "z."})
#: What stands between two people behind one label or one title.
NEXT_PERSON = re.compile(r"[ ]?[,/;&+][ ]?|[ ](?:und|u\.|and)[ ]")
#: A name before its title: "Brunzli B. Dr.", and with first names before one behind it: "John Q. Smith, M.D.".
BEFORE_TITLE = re.compile(r"(?<![\w.-])([^\W\d_]{2,}(?:[-'][^\W\d_]+)*,?[ ](?:[^\W\d_]\.[ -]?){1,3}),?[ ]?$")
WRITTEN_OUT = re.compile(
    r"(?<![\w.-])(?:[^\W\d_]{2,}(?:[-'][^\W\d_]+)*|[^\W\d_]\.)"
    r"(?:[ ](?:[^\W\d_]{2,}(?:[-'][^\W\d_]+)*|[^\W\d_]\.)){1,3}$"
)
#: A name of birth. What stands behind a name that an apposition shows (your patient ...).
BORN_AS = re.compile(r"\b(?:geb\.|geborene[rn]?|verh\.|verw\.|gesch\.|née|nee)[ ](?=[^\W\d_]{3})")
APPOSED = re.compile(r"[ ]?[,.(*]|[ ](?:[a-zäöü]|\d{1,2}\.\d)|\s*$|\n")
#: A name has no more parts, and a signature stands no more lines below its greeting.
MOST_PARTS, SIGNATURE_LINES = 4, 9
#: Nor more words, initials and particles among them: "Dr. A. Dr. A. ..." would be one name as long as the text.
MOST_WORDS = 12
#: An initial without a stop, before its surname; those behind a surname and a first name.
INITIAL = re.compile(r"[A-ZÄÖÜ][ ](?=[^\W\d_]['’´]?[^\W\d_])")
INITIALS_BEHIND = re.compile(r"(?:[ ][^\W\d_]\.)+")
#: So short a word in capitals is no first name unless it is a known one.
SHORT_CAPITALS = 3
#: In a table the cell behind a name is often a street.
STREET = ("str", "straße", "strasse")
#: What people are, beside or below their names.
POSITION = re.compile(
    r"(?i:arzt|ärzt|direktor|psycholog|sekretär|professor|leiter|leitung|assisten|pflege|consultant|registrar|surgeon|"
    r"physician)|\b(?:AÄ|OA|OÄ|FÄ|FA|SpR|SHO)\b"
)
#: Behind a name that a relative shows.
CALLED = re.compile(r"[.,;)]|[ ](?:[A-ZÄÖÜ]|\(|(?:wurde|war|ist|hat|unter|am|und|an|kam|bei|im|lebt)\b)|\s*$")
#: Columns of a signature; its line of positions is no longer.
COLUMN = re.compile(r"[^\s,;](?:[^\t\n ,;]| (?! )(?=\S))*")
LONGEST_POSITIONS = 150
#: Before a name in a signature.
YOURS = re.compile(r"(?:Ihre?|Yours)[ ](?=[^\W\d_])")
#: Who signs for another one, at the beginning of a line.
ON_BEHALF = re.compile(
    r"^[ \t]*(?:i\. ?[AV]\.|f\. ?d\. ?R\.(?: ?d\. ?A\.)?|[Gg]ez\.|ppa\.|e\. ?h\.)[ \t]+", re.MULTILINE
)
#: What ends a name there.
SIGN_END = re.compile(r"[ \t]*(?:[,(/;]|$|\n|[ ]{2})")
#: Words up to this length are names whatever they end in.
SHORT_NAME = 7
#: How sure a name is, by what shows it.
TITLED, BORN, SIGNED, LISTED = 0.9, 0.9, 0.7, 0.75
#: In capitals these are also the end of a sentence about an examination (MR.): only a name in capitals follows.
ALSO_WORDS = frozenset({"MR.", "MS."})


@dataclass(frozen=True, slots=True)
class Name:
    """A stretch that is a name: how many parts it has besides initials and particles."""

    start: int
    end: int
    parts: int


def find_names(text: str, language: str) -> list[Identifier]:
    """Names and academic titles of a text, some of them overlapping."""
    words = lexicon(language)
    tokens = [token for token in words.token.finditer(text) if _may_matter(token.group(), words)]
    heads = [token.start() for token in tokens if token.group() in words.heads]
    titles = [title for at in heads if (title := words.title.match(text, at))]
    names = [
        *((name, TITLED) for title in titles for name in _titled(text, title, words)),
        *((name, TITLED) for name in _before_title(text, titles, words)),
        *((name, TITLED) for name in _labelled(text, heads, words)),
        *((name, TITLED) for name in _shown(text, words, language)),
        *((name, BORN) for name in _born(text, words)),
        *((name, LISTED) for name in _by_first_name(text, tokens, words)),
        *((name, SIGNED) for name in _signed(text, words)),
    ]
    found = [Identifier(name.start, name.end, IdentifierKind.NAME, score) for name, score in names]
    found += [
        Identifier(*span, IdentifierKind.TITLE, TITLED)
        for title in titles
        if (span := _academic(title, words)) is not None
    ]
    return found + find_again(text, name_words(text, found, language), language)


def _may_matter(word: str, words: NameLexicon) -> bool:
    return word[0].isupper() or word in words.heads


def _academic(title: re.Match[str], words: NameLexicon) -> tuple[int, int] | None:
    """Where the academic part stands, without a salutation before it."""
    found = words.academic.search(title.string, title.start(), title.end())
    return (found.start(), found.start() + len(title.string[found.start() : title.end()].rstrip())) if found else None


def _name_at(text: str, at: int, words: NameLexicon, *, commas: bool = False) -> Name | None:
    """The name that begins at an offset, if one does; with commas also as "surname, first name"."""
    start, offset, end, parts = at, at, -1, 0
    last = ""  # whether a first name (or an initial) or a particle came last
    for _ in range(MOST_WORDS):
        part = PART.match(text, offset) if parts < MOST_PARTS else None
        if part is None:
            break
        wording = part.group()
        if wording.endswith("."):
            if wording[0].isupper():
                end, last = part.end(), "first"
            elif wording not in SHORT_PARTICLES:
                break
        elif not parts and INITIAL.match(text, part.start()):
            last = "first"
        elif _is_name(wording, words):
            if parts and (text.startswith(":", part.end()) or words.academic.match(text, part.start())):
                break  # the next label, the next person
            end, parts, last = part.end(), parts + 1, "first" if _is_first(wording, words) else ""
        elif wording not in words.particles or (parts and wording in LOOSE and last not in LOOSE[wording]):
            break
        else:
            last = "particle"
        gap = GAP.match(text, part.end())
        if gap is None and parts == 1 and _is_first(wording, words):
            gap = WRAP.match(text, part.end())
        if gap is None:
            break
        offset = gap.end()
    if end < 0 or text.startswith(JOINING, start) or (not parts and text[start:end].rstrip(".").lower() in words.never):
        return None
    if commas and parts == 1 and (comma := COMMA.match(text, end)):
        first_name = PART.match(text, comma.end())
        if first_name and _is_first_behind(text[start:end], first_name, words):
            initials = INITIALS_BEHIND.match(text, first_name.end())
            return Name(start, initials.end() if initials else first_name.end(), 2)
    return Name(start, end, parts)


def _is_first_behind(surname: str, word: re.Match[str], words: NameLexicon) -> bool:
    """Whether the word behind a surname and a comma is a first name: known, or shown by what stands beside."""
    wording = word.group()
    if _is_first(wording, words):
        return True
    if wording.isupper() and len(wording) <= SHORT_CAPITALS:
        return False  # DOB, PK
    return _is_name(wording, words) and bool(
        (surname.isupper() and not wording.isupper()) or DATED.match(word.string, word.end())
    )


def _is_name(word: str, words: NameLexicon) -> bool:
    """Whether a word has the form of a name."""
    lower = word.lower()
    return (
        (word[0].isupper() or ELIDED.match(word) is not None)
        and len(word) > 1
        and lower not in words.never
        and not (lower.endswith(words.never_endings) and len(lower) > SHORT_NAME)
        and not lower.endswith(STREET)
    )


def _is_first(word: str, words: NameLexicon) -> bool:
    """Whether it is a known first name, or two of them with a hyphen."""
    return any(
        name in words.first or (name.isupper() and name.title() in words.first) for name in (word, *word.split("-")[:1])
    )


def _titled(text: str, title: re.Match[str], words: NameLexicon) -> Iterator[Name]:
    """The name behind a title; several behind one of several people (Dres. Koch und Lang)."""
    name = _name_at(text, title.end(), words, commas=True)
    wording = title.group().split()
    if name is None or (wording[0] in ALSO_WORDS and not text[name.start : name.end].isupper()):
        return
    yield name
    if wording[0] in ("Dres.", "Drs."):
        yield from _others(text, name, words)


def _others(text: str, name: Name, words: NameLexicon) -> Iterator[Name]:
    """The people behind a name, each with a title or an initial, or with nothing else up to the next sign."""
    while parting := NEXT_PERSON.match(text, name.end):
        following = _name_at(text, _behind_title(text, parting.end(), words), words)
        if following is None or text[following.end : following.end + 1] == ":":
            return
        letters = [sign for sign in text[following.start : following.end] if sign.isalpha()]
        if len(letters) <= SHORT_CAPITALS and all(map(str.isupper, letters)):
            return
        name = following
        yield name


def _known_others(text: str, name: Name, words: NameLexicon) -> Iterator[Name]:
    """The people with known first names behind a relative's (the sons Marek and Piotr)."""
    while (parting := NEXT_PERSON.match(text, name.end)) and (part := PART.match(text, parting.end())):
        following = _name_at(text, parting.end(), words) if _is_first(part.group(), words) else None
        if following is None:
            return
        name = following
        yield name


def _before_title(text: str, titles: Iterable[re.Match[str]], words: NameLexicon) -> Iterator[Name]:
    """Names that stand before a title: with initials before any, written out before those that stand behind names."""
    for title in titles:
        before = BEFORE_TITLE.search(text[max(0, title.start() - 40) : title.start()])
        if before and _is_name(before[1].split()[0].rstrip(","), words):
            start = title.start() - len(before[0])
            yield Name(start, start + len(before[1].rstrip()), 1)
    for behind in words.behind.finditer(text):
        left = max(0, text.rfind("\n", 0, behind.start()) + 1, behind.start() - 50)
        before = WRITTEN_OUT.search(text[left : behind.start()])
        if before is None:
            continue
        first = next((part for part in PART.finditer(before[0]) if _is_name(part.group(), words)), None)
        rest = before[0][first.start() :] if first else ""
        if len(rest.split()) > 1 and all(part[0].isupper() for part in rest.split()):
            yield Name(behind.start() - len(rest), behind.start(), 2)


def _shown(text: str, words: NameLexicon, language: str) -> Iterator[Name]:
    """Names that an apposition, a relative, a greeting or a name of birth shows."""
    for found in (*words.patient_lead.finditer(text), *words.rank.finditer(text)):
        name = _name_at(text, _behind_title(text, found.end(), words), words, commas=True)
        if (
            name
            and name.parts
            and text[name.start].isupper()
            and (name.parts > 1 or APPOSED.match(text, name.end))
            and not is_eponym(text, name.end, words)
        ):
            yield name
    for found in words.kin.finditer(text):
        part = PART.match(text, found.end())
        # In German any noun may follow a relative; in English, and behind a verb of naming, only a name has a capital.
        shown = language != "de" or found.group().endswith(words.naming) or _is_called(part, found.start(), words)
        if (
            part
            and (_is_first(part.group(), words) or (shown and part.group().istitle()))
            and (name := _name_at(text, found.end(), words))
            and not is_eponym(text, name.end, words)
        ):
            yield name
            yield from _known_others(text, name, words)
    for found in words.greeting.finditer(text):
        name = _name_at(text, _behind_title(text, found.end(), words), words)
        if name and 0 < name.parts < MOST_PARTS and re.match(r"[ ]?[,!\n]", text[name.end : name.end + 2]):
            yield name
    for found in ON_BEHALF.finditer(text):
        name = _name_at(text, _behind_title(text, found.end(), words), words)
        if name and name.parts and SIGN_END.match(text, name.end):
            yield name
    for found in BORN_AS.finditer(text):
        if name := _name_at(text, found.end(), words):
            yield name


def _is_called(part: re.Match[str] | None, at: int, words: NameLexicon) -> bool:
    """Whether the word behind a German relative is a name by what stands on both sides: with his wife Talea."""
    return (
        part is not None
        and words.kin_lead.search(part.string[max(0, at - 20) : at]) is not None
        and part.group() not in words.kin_others
        and not part.group().endswith(words.kin_other_endings)
        and CALLED.match(part.string, part.end()) is not None
    )


def _labelled(text: str, heads: Iterable[int], words: NameLexicon) -> Iterator[Name]:
    """Names after a label with a colon, or after words such as "signed by"; both may have a title between."""
    at_heads = list(heads)
    for found in (match for at in at_heads if (match := words.label.match(text, at))):
        begin = _behind_title(text, found.end(), words)
        name = _name_at(text, begin, words, commas=True)
        if name and (
            name.parts > 1
            or begin > found.end()
            or found[1] in words.single_labels
            or not found[1].lower().startswith(words.several_only)
            or _likely(text, name, words)
        ):
            yield name
            yield from _others(text, name, words)
    for found in (match for at in at_heads if (match := words.lead.match(text, at))):
        name = _name_at(text, _behind_title(text, found.end(), words), words, commas=True)
        if name and (name.parts > 1 or "." in text[name.start : name.end]) and _likely(text, name, words):
            yield name


def _behind_title(text: str, at: int, words: NameLexicon) -> int:
    title = words.title.match(text, at)
    return title.end() if title else at


def _likely(text: str, name: Name, words: NameLexicon) -> bool:
    """Whether one of its words is a known first name, or an initial."""
    wording = text[name.start : name.end]
    return "." in wording or any(_is_first(part, words) for part in re.split(r"[\s,-]+", wording))


def _born(text: str, words: NameLexicon) -> Iterator[Name]:
    """Names before a birth date, on the same line."""
    for found in words.birth.finditer(text):
        if not re.match(r"[^\n]{0,14}\d", text[found.end() : found.end() + 15]):
            continue
        line = text.rfind("\n", 0, found.start()) + 1
        start, parts = found.start(), 0
        for part in reversed(list(PART.finditer(text, max(line, found.start() - 60), found.start()))):
            wording, between = part.group(), text[part.end() : start]
            fits = (
                (wording.endswith(".") and len(wording) < 4) or wording in words.particles or _is_name(wording, words)
            )
            if not fits or between.strip(" \t,(") or parts == MOST_PARTS:
                break
            start, parts = part.start(), parts + (_is_name(wording, words))
        if parts and TOKEN.match(text, start):
            end = len(text[start : found.start()].rstrip(" \t,(")) + start
            title = words.title.match(text, start)
            start = title.end() if title and title.end() < end else start
            yield Name(start, end, parts)


def _by_first_name(text: str, tokens: Iterable[re.Match[str]], words: NameLexicon) -> Iterator[Name]:
    """Known first names with a surname after them, or before them and a comma."""
    for token in tokens:
        if not _is_first(token.group(), words):
            continue
        name = _name_at(text, token.start(), words)
        if name and name.parts > 1:
            yield name
            continue
        before = re.search(r"([^\W\d_]+(?:-[^\W\d_]+)*)[ ]?,[ ]$", text[max(0, token.start() - 40) : token.start()])
        if (
            before
            and _is_name(before[1], words)
            and (re.match(r"\s*(?:[,;(*\n]|$|geb)", text[token.end() :][:8]) or DATED.match(text, token.end()))
        ):
            yield Name(token.start() - len(before[0]), token.end(), 2)


def _signed(text: str, words: NameLexicon) -> Iterator[Name]:
    """Cells below a greeting that hold nothing but a name."""
    yield from _above_positions(text, words)
    small = text.lower()
    if not any(closing in small for closing in words.closings):
        return
    for found in words.closing.finditer(text):
        offset = found.end()
        lines = text[offset:].split("\n")[: SIGNATURE_LINES + 1]
        for line, below in zip(lines, [*lines[1:], ""], strict=True):
            # Beside a position, above one and beside a title a surname is enough.
            shown = bool(POSITION.search(line) or POSITION.search(below) or words.academic.search(line))
            for start, end in _cells(line):
                yours = YOURS.match(line, start)
                begin = _behind_title(text, offset + (yours.end() if yours else start), words)
                name = _name_at(text, begin, words)
                enough = shown or (name is not None and "." in text[name.start : name.end])
                if name and name.parts > (0 if enough else 1) and name.end >= offset + end:
                    yield name
            offset += len(line) + 1


def _above_positions(text: str, words: NameLexicon) -> Iterator[Name]:
    """Cells of a line that hold nothing but a name, where each has a position below it."""
    lines, offset = text.split("\n"), 0
    for line, following in itertools.pairwise(lines):
        if len(following) <= LONGEST_POSITIONS and POSITION.search(following):
            cells, below = [*COLUMN.finditer(line)], [*COLUMN.finditer(following)]
            if len(cells) == len(below) > 1 and all(POSITION.search(cell[0]) for cell in below):
                for cell in cells:
                    name = _name_at(text, _behind_title(text, offset + cell.start(), words), words)
                    if name and name.parts and name.end >= offset + cell.end():
                        yield name
        offset += len(line) + 1


def _cells(line: str) -> Iterator[tuple[int, int]]:
    """The stretches of a line between tabs, wide gaps and strokes."""
    start = 0
    for cut in [*CELLS.finditer(line), None]:
        end = cut.start() if cut else len(line)
        wording = line[start:end]
        yield start + len(wording) - len(wording.lstrip()), start + len(wording.rstrip())
        start = cut.end() if cut else end

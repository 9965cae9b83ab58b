"""Names of people, by what stands around them: titles, labels, birth dates, first names, signatures.

There is no model and no list of all surnames. A capitalised word is a name where its context shows it; after
that it is found again wherever it stands in the same text, unless it is also a medical word or the
name of a disease.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind

WORDS = Path(__file__).with_name("names.yaml")
TOKEN = re.compile(r"[^\W\d_]+(?:[-'’´](?!s\b)[^\W\d_]+)*")
PART = re.compile(r"[^\W\d_]{1,2}\.(?:-?[^\W\d_]\.)*|[^\W\d_]+(?:[-'’´](?!s\b)[^\W\d_]+)*")
GAP = re.compile(r"[ \t\xa0]{1,2}|(?<=\.)")
COMMA = re.compile(r",[ \t]?")
CELLS = re.compile(r"\t| {2,}|[/,(]|\n")
#: A name has no more parts, and a signature stands no more lines below its greeting.
MOST_PARTS, SIGNATURE_LINES = 4, 9
#: Nor more words, initials and particles among them: "Dr. A. Dr. A. ..." would be one name as long as the text.
MOST_WORDS = 12
#: A shorter word that ends in s is more often another one than a name's genitive.
GENITIVE = 5
#: How sure a name is, by what shows it.
TITLED, BORN, SIGNED, LISTED, AGAIN = 0.9, 0.9, 0.7, 0.75, 0.65


@dataclass(frozen=True, slots=True)
class Name:
    """A stretch that is a name: how many parts it has besides initials and particles."""

    start: int
    end: int
    parts: int


@dataclass(frozen=True, slots=True)
class NameLexicon:
    """The words of names.yaml for one language, ready for use."""

    first: frozenset[str]
    never: frozenset[str]
    homographs: frozenset[str]
    particles: frozenset[str]
    eponym_after: tuple[str, ...]
    eponym_before: frozenset[str]
    title: re.Pattern[str]
    salutations: tuple[str, ...]
    academic: frozenset[str]
    label: re.Pattern[str]
    lead: re.Pattern[str]
    birth: re.Pattern[str]
    closing: re.Pattern[str]
    closings: tuple[str, ...]  # one of them stands in a text that closes so
    token: re.Pattern[str]  # a word with a capital, or one of the heads; some others too
    heads: frozenset[str]  # the words with which a title, a label or a lead begins


def find_names(text: str, language: str) -> list[Identifier]:
    """Names and academic titles of a text, some of them overlapping."""
    words = lexicon(language)
    tokens = [token for token in words.token.finditer(text) if _may_matter(token.group(), words)]
    heads = [token.start() for token in tokens if token.group() in words.heads]
    titles = [title for at in heads if (title := words.title.match(text, at))]
    names = [
        *((name, TITLED) for title in titles if (name := _name_at(text, title.end(), words, commas=True))),
        *((name, TITLED) for name in _labelled(text, heads, words)),
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


@lru_cache(maxsize=2)
def lexicon(language: str) -> NameLexicon:
    """The words for German texts, or for all others; first names are known in both."""
    content = _content()
    spoken = "de" if language == "de" else "en"
    firsts = [name for names in content["first"].values() for each in names.values() for name in each.split()]
    salutations, academic = (_split(content[name][spoken]) for name in ("salutations", "academic"))
    labels, leads = _split(content["labels"]), _split(content["leads"])
    between = _any(_split(content["between"]) + academic)
    heads = TOKEN.findall(" ".join(word.split(" ")[0] for word in [*salutations, *academic, *labels, *leads]))
    return NameLexicon(
        first=frozenset(firsts),
        never=frozenset(word.lower() for word in _split(content["never"])),
        homographs=frozenset(word.lower() for word in _split(content["homographs"])),
        particles=frozenset(_split(content["particles"])),
        eponym_after=tuple(_split(content["eponym_after"])),
        eponym_before=frozenset(_split(content["eponym_before"])),
        title=re.compile(
            rf"(?<![\w.])(?:(?:{_any(salutations)})\s{{0,2}})?(?:{_any(academic)})"
            rf"(?:[ \t]*(?:{between})(?![\w]))*[ \t]{{0,2}}"
            rf"|(?<![\w.])(?:{_any(salutations)})[ \t\xa0]{{0,2}}\n?"
        ),
        salutations=tuple(salutations),
        academic=frozenset(academic),
        label=re.compile(rf"({_any(labels)})\s?:[ \t]*"),
        lead=re.compile(rf"(?:{_any(leads)})[ \t]+"),
        heads=frozenset(heads),
        token=re.compile(_beginning(heads) + TOKEN.pattern),
        birth=re.compile(content["birth"]),
        closing=re.compile(rf"(?i:{content['closings']})[^\n]*\n"),
        closings=tuple(content["closings"].split("|")),
    )


def _beginning(heads: Iterable[str]) -> str:
    """Before a word: that it begins here, and not with a small letter unless it is one of the heads."""
    small = "|".join(sorted({re.escape(word) for word in heads if word[0].islower()}))
    return rf"(?<![^\W\d_])(?<![^\W\d_][-'’´])(?:(?![a-zß-öø-ÿ])|(?=(?:{small})(?![^\W\d_])))"


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return content


@lru_cache(maxsize=8)
def first_names(language: str, gender: str) -> tuple[str, ...]:
    """The first names of a language (de, en) and a grammatical gender (m, f)."""
    return tuple(_content()["first"]["de" if language == "de" else "en"][gender].split())


def _split(words: str) -> list[str]:
    return [word.replace("#", " ") for word in words.split()]


def _any(words: Iterable[str]) -> str:
    """Any of the words, the longest first; one that ends in a letter ends there."""
    longest_first = sorted(set(words), key=len, reverse=True)
    return "|".join(re.escape(word) + (r"(?!\w)" if word[-1].isalnum() else "") for word in longest_first)


def _academic(title: re.Match[str], words: NameLexicon) -> tuple[int, int] | None:
    """Where the academic part stands, without a salutation before it."""
    wording = title.group()
    begin = next(
        (len(word) for word in sorted(words.salutations, key=len, reverse=True) if wording.startswith(word)), 0
    )
    academic = wording[begin:].strip()
    if not academic:
        return None
    start = title.start() + wording.index(academic, begin)
    return start, start + len(academic)


def _name_at(text: str, at: int, words: NameLexicon, *, commas: bool = False) -> Name | None:
    """The name that begins at an offset, if one does; with commas also as "surname, first name"."""
    start, offset, end, parts = at, at, -1, 0
    for _ in range(MOST_WORDS):
        part = PART.match(text, offset) if parts < MOST_PARTS else None
        if part is None:
            break
        wording = part.group()
        if wording.endswith("."):
            if not wording[0].isupper():
                break
            end = part.end()
        elif _is_name(wording, words):
            end, parts = part.end(), parts + 1
        elif wording not in words.particles:
            break
        gap = GAP.match(text, part.end())
        if gap is None:
            break
        offset = gap.end()
    if end < 0 or (not parts and text[start:end].rstrip(".").lower() in words.never):
        return None
    if commas and parts == 1 and (comma := COMMA.match(text, end)):
        first_name = PART.match(text, comma.end())
        if first_name and _is_first(first_name.group(), words):
            return Name(start, first_name.end(), 2)
    return Name(start, end, parts)


def _is_name(word: str, words: NameLexicon) -> bool:
    """Whether a word has the form of a name."""
    return word[0].isupper() and len(word) > 1 and word.lower() not in words.never


def _is_first(word: str, words: NameLexicon) -> bool:
    return word in words.first or (word.isupper() and word.title() in words.first)


def _labelled(text: str, heads: Iterable[int], words: NameLexicon) -> Iterator[Name]:
    """Names after a label with a colon, or after words such as "signed by"; both may have a title between."""
    for found in (match for at in heads if (match := words.label.match(text, at))):
        name = _name_at(text, _behind_title(text, found.end(), words), words, commas=True)
        if name and (name.parts > 1 or not found.group(1).lower().startswith(("pat", "name", "contact", "kontakt"))):
            yield name
    for found in (match for at in heads if (match := words.lead.match(text, at))):
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
        if not _is_first(token.group().split("-")[0], words):
            continue
        name = _name_at(text, token.start(), words)
        if name and name.parts > 1:
            yield name
            continue
        before = re.search(r"([^\W\d_]+(?:-[^\W\d_]+)*),[ ]$", text[max(0, token.start() - 40) : token.start()])
        if before and _is_name(before[1], words) and re.match(r"\s*(?:[,;(*\n]|$|geb)", text[token.end() :][:8]):
            yield Name(token.start() - len(before[0]), token.end(), 2)


def _signed(text: str, words: NameLexicon) -> Iterator[Name]:
    """Cells below a greeting that hold nothing but a name."""
    small = text.lower()
    if not any(closing in small for closing in words.closings):
        return
    for found in words.closing.finditer(text):
        offset = found.end()
        for line in text[offset:].split("\n")[:SIGNATURE_LINES]:
            for start, end in _cells(line):
                begin = _behind_title(text, offset + start, words)
                name = _name_at(text, begin, words)
                if name and name.parts > 1 and name.end >= offset + end:
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


def name_words(text: str, found: Iterable[Identifier], language: str) -> frozenset[str]:
    """The words, in small letters, of which the names of a text consist; without those that mean something else too."""
    words = lexicon(language)
    return frozenset(
        part.group().lower()
        for identifier in found
        if identifier.kind is IdentifierKind.NAME
        for part in TOKEN.finditer(text, *identifier.span)
        if len(part.group()) > 2 and part.group()[0].isupper()
    ) - (words.homographs | words.never)


def find_again(text: str, names: Collection[str], language: str) -> list[Identifier]:
    """Where words stand, with a capital, that are known to be names."""
    words = lexicon(language)
    if not names:
        return []
    return [
        Identifier(token.start(), token.end() - ending, IdentifierKind.NAME, AGAIN)
        for token in TOKEN.finditer(text)
        if token.group()[0].isupper()
        and (ending := _ending(token.group().lower(), names)) is not None
        and not _is_eponym(text, token, words)
    ]


def _ending(word: str, names: Collection[str]) -> int | None:
    """How many letters follow the name in a word: 0, or 1 in a genitive ("Lindemanns Tochter"); None for no name."""
    if word in names:
        return 0
    return 1 if word[-1] == "s" and word[:-1] in names and len(word) > GENITIVE else None


def _is_eponym(text: str, token: re.Match[str], words: NameLexicon) -> bool:
    """Whether a surname stands for a disease, a sign or a device."""
    following = re.match(r"(?:['’]s)?[ -]([^\W\d_]+)", text[token.end() : token.end() + 30])
    preceding = re.search(r"([^\W\d_]+\.?)[ ]$", text[max(0, token.start() - 12) : token.start()])
    return bool(
        (following and following[1].lower().startswith(words.eponym_after))
        or (preceding and preceding[1].lower() in words.eponym_before)
    )

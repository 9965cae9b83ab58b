"""Towns in a German text: by their names, and where a name is another word too, by what stands before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from curation.deidentify.identifiers.gazetteer import inhabitants
from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind
from curation.record import Frozen
from curation.text.word_lists import read_word_list

TOWNS = Path(__file__).with_name("towns.yaml")
#: A word that may begin a town's name: with a capital, no part of another word.
BEGINNING = re.compile(r"(?<![\w@./-])(?:St\. )?(?=[A-ZÄÖÜ])[^\W\d_]+(?:-[^\W\d_]+)*")
#: A postal code right before a town, with the country's letter.
POSTAL_CODE = re.compile(r"(?<![\w,.-])((?:D|A|CH|DE|AT|FL)[ ]?-[ ]?)?\d{4,5}[ ]{1,3}$")
#: How far back a cue or a postal code is looked for.
BEFORE = 48
#: A person and a comma: what follows is where they work (Dr. Kern, Lyss).
PERSON = r"\b(?:Dr|Prof|Hr|Herr|Fr|Frau)\.? [^\n,]{2,30}, (?:[A-ZÄÖÜ]\w+, )?"
#: A second name of a town, or what it lies at.
SECOND = re.compile(r"/[A-ZÄÖÜ][a-zäöüéèß]+")
#: So short a word in capitals is an abbreviation.
SHORT = 4
#: How sure a town is, by what shows it.
WITH_CODE, WITH_CUE, NAMED = 0.8, 0.7, 0.6


class TownWords(Frozen):
    """The file of towns."""

    also: dict[str, str]
    inhabitants: int
    endings: str
    shortest: int
    cues: str
    techniques: str
    strong_cues: str
    words: str
    never: str


@dataclass(frozen=True, slots=True)
class TownLexicon:
    """The names of towns, ready for use: those of several words by their first."""

    sure: frozenset[str]
    with_cue: frozenset[str]
    with_strong_cue: frozenset[str]
    other_words: frozenset[str]
    longer: dict[str, tuple[str, ...]]
    cue: re.Pattern[str]
    technique: re.Pattern[str]
    strong_cue: re.Pattern[str]


def find_towns(text: str) -> Iterator[Identifier]:
    """The towns of a German text, and the postal codes before them."""
    towns = lexicon()
    for word in BEGINNING.finditer(text):
        end = _end(text, word, towns)
        name = _in_small_letters(text[word.start() : end])
        known = end > word.end() or name in towns.sure or _is_quarter(name, towns)
        if not (known or name in towns.with_cue or name in towns.with_strong_cue):
            continue  # most words: what stands before them need not be read
        before = text[max(0, word.start() - BEFORE) : word.start()]
        if code := POSTAL_CODE.search(before):
            start = word.start() - len(code[0])
            yield Identifier(start, start + len(code[0].rstrip()), IdentifierKind.ZIP, WITH_CODE)
            second = SECOND.match(text, end)
            yield Identifier(word.start(), second.end() if second else end, IdentifierKind.CITY, WITH_CODE)
        elif towns.technique.search(before):
            continue
        elif known:
            yield Identifier(word.start(), end, IdentifierKind.CITY, NAMED)
        elif (name in towns.with_cue and towns.cue.search(before)) or (
            name in towns.with_strong_cue and towns.strong_cue.search(before)
        ):
            yield Identifier(word.start(), end, IdentifierKind.CITY, WITH_CUE)


def _in_small_letters(name: str) -> str:
    """A name in capitals as it is otherwise written."""
    return name.title() if name.isupper() and len(name) > SHORT else name


def _is_quarter(name: str, towns: TownLexicon) -> bool:
    """Whether it is a town with one of its parts: Berlin-Mitte."""
    town, *parts = name.split("-")
    names = towns.sure | towns.with_cue | towns.with_strong_cue if parts and town in towns.sure else ()
    return bool(names) and all(part in names for part in parts)


def _end(text: str, word: re.Match[str], towns: TownLexicon) -> int:
    """Where the longest name that begins with a word ends."""
    for name in towns.longer.get(word[0], ()):
        after = word.start() + len(name)
        if text.startswith(name, word.start()) and not text[after : after + 1].isalnum():
            return after
    return word.end()


@cache
def lexicon() -> TownLexicon:
    """The towns of the gazetteer by what shows them."""
    words = read_word_list(TOWNS, TownWords)
    counts = dict(inhabitants())
    for name, others in words.also.items():
        counts |= dict.fromkeys(map(_spelt, others.split()), counts.get(name, 0))
    needy, never = set(words.words.split()), set(words.never.split())
    endings = tuple(words.endings.split())
    sure: set[str] = set()
    longer: dict[str, list[str]] = {}
    for name, count in counts.items():
        if " " in name.removeprefix("St. "):
            longer.setdefault(BEGINNING.match(name)[0] if BEGINNING.match(name) else name, []).append(name)  # type: ignore[index]
        elif name not in never | needy and (
            "-" in name or (len(name) >= words.shortest and (count >= words.inhabitants or name.endswith(endings)))
        ):
            sure.add(name)
    return TownLexicon(
        sure=frozenset(sure),
        with_cue=frozenset(counts.keys() - sure - never),
        with_strong_cue=frozenset(counts.keys() & never),
        other_words=frozenset(needy | never),
        longer={first: tuple(sorted(names, key=len, reverse=True)) for first, names in longer.items()},
        cue=_cue(words.cues, PERSON),
        technique=re.compile(rf"(?i:{'|'.join(words.techniques.split())})\s+nach\s$"),
        strong_cue=_cue(words.strong_cues),
    )


def _cue(words: str, *more: str) -> re.Pattern[str]:
    every = "|".join(re.escape(_spelt(word)) for word in words.split())
    return re.compile(rf"(?<![\w-])(?:{every})\s$" + "".join(f"|{cue}$" for cue in more))


def _spelt(word: str) -> str:
    return word.replace("#", " ")

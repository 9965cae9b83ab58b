"""The drugs that a text names, and those that its translation does not, whatever the language makes of the name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from curation.text.folding import fold
from curation.text.terms import any_of, listed
from validation.measures.doses import known_drugs
from validation.measures.known import read_known
from validation.measures.omission import DRUG, NO_FACTS
from validation.translation.evidence import WORD, skeleton

FOLDER = Path(__file__).parent
#: How alike (0 to 100) two names are that are spellings of one: ciclosporin, cyclosporine.
ALIKE = 84
#: Letters of a name that a compound of the other side may hold (Heparingabe).
WITHIN = 6
#: Ends that only one of the languages writes.
ENDS = re.compile(r"(?:e|en|s)$")
#: Classes and bodies' own substances that look like drugs; their names are translated freely.
NO_DRUGS = frozenset(
    "corticosteroid steroid hormone testosterone cortisone aldosterone progesterone insulin caffeine histamine "
    "dopamine serotonin hymenoptera cholesterol immunoglobulin".split()
)
#: Salts and acids: their names are words of both languages, and not spelt alike.
SALT = re.compile(r"säure|sulfat|chlorid|carbonat|phosphat|insulin|mofetil|eisen|lithium")


@dataclass(frozen=True, slots=True)
class Named:
    """A drug where a text names it."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Names:
    """The drugs of a text, and all its words in one spelling, in which those of the other side are looked for."""

    drugs: tuple[Named, ...]
    words: frozenset[str]
    synonyms: frozenset[int]


def names(text: str) -> Names:
    """The drugs of a text by their stems and by the file of doses, from left to right."""
    lower = text.lower()
    words = frozenset(_spelt(word) for word in WORD.findall(fold(text).text) if len(word) >= 3)
    return Names(tuple(_named(text)), words, frozenset(_lines(lower)))


def lost(ours: Names, theirs: Names) -> list[Named]:
    """The drugs of one text that the other does not name, each at its first place."""
    found: dict[str, Named] = {}
    for one in ours.drugs:
        if one.name not in found and not _stands(one.name, theirs):
            found[one.name] = one
    return list(found.values())


def same_drug(one: str, other: str) -> bool:
    """Whether two names are one drug's in two spellings, or in one line of synonyms."""
    ours, theirs = _spelt(fold(one).text), _spelt(fold(other).text)
    return ours == theirs or fuzz.ratio(ours, theirs) >= ALIKE or bool({*_lines(one)} & {*_lines(other)})


def _stands(name: str, theirs: Names) -> bool:
    if any(line in theirs.synonyms for line in _lines(name)):
        return True
    spelt = _spelt(fold(name).text)
    if spelt in theirs.words:
        return True
    if len(spelt) >= WITHIN and any(spelt in word for word in theirs.words):
        return True
    if any(len(word) >= WITHIN and spelt.startswith(word) for word in theirs.words):
        return True
    return process.extractOne(spelt, theirs.words, scorer=fuzz.ratio, score_cutoff=ALIKE) is not None


def _named(text: str) -> Iterator[Named]:
    seen: set[int] = set()
    for pattern in (DRUG, _known()):
        for match in pattern.finditer(text):
            name = match[0].lower().rpartition("-")[2]
            plain = name.rstrip("se")
            if (
                match.start() in seen
                or name in NO_FACTS
                or SALT.search(name)
                or any(one.startswith(plain) for one in NO_DRUGS)
            ):
                continue
            seen.add(match.start())
            yield Named(name, match.start(), match.end())


@cache
def _known() -> re.Pattern[str]:
    """The names of one word in the file of doses, which their stems do not tell."""
    single = {name for name in known_drugs() if name.isalpha() and len(name) > WITHIN}
    return re.compile(rf"(?<![\w-])(?:{any_of(single)})e?(?![\w-])", re.IGNORECASE)


def _lines(lower: str) -> Iterator[int]:
    """The lines of synonyms that a lower-case text has a name of."""
    return (line for line, pattern in enumerate(_synonyms()) if pattern.search(lower))


@cache
def _synonyms() -> Sequence[re.Pattern[str]]:
    lines = read_known("drugs", tuple[str, ...], FOLDER)
    return [re.compile(rf"(?<!\w)(?:{any_of(listed(line))})(?!\w)") for line in lines]


@lru_cache(maxsize=20_000)
def _spelt(word: str) -> str:
    return ENDS.sub("", skeleton(word))

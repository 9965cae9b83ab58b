"""The drugs that a text names, and those that its translation does not, in any spelling of the two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz import fuzz, process

from curation.text.cognates import folded_word, skeleton
from curation.text.drugs import RUN, find_drugs, keeps_its_name, synonym_lines
from curation.text.folding import compose
from curation.text.terms import any_of
from validation.measures.doses import drugs_with_doses
from validation.translation.evidence import WORD

#: How alike (0 to 100) two names are that are spellings of one: ciclosporin, cyclosporine.
ALIKE = 84
#: Letters of a name that a compound of the other side may hold (Heparingabe).
WITHIN = 6
#: Ends that only one of the languages writes.
ENDS = re.compile(r"(?:e|en|s)$")


@dataclass(frozen=True, slots=True)
class NamedDrug:
    """A drug where a text names it."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DrugNames:
    """The drugs of a text, and all its words in one spelling, in which those of the other side are looked for."""

    drugs: tuple[NamedDrug, ...]
    words: frozenset[str]
    synonyms: frozenset[int]


def names(text: str) -> DrugNames:
    """The drugs of a text by their stems and by the file of doses, from left to right."""
    words = {folded_word(word) for word in set(WORD.findall(compose(text).text))}
    spelt = frozenset(_spelt(word) for word in words if len(word) >= 3)
    return DrugNames(tuple(_named(text)), spelt, frozenset(synonym_lines(text.lower())))


def lost(ours: DrugNames, theirs: DrugNames) -> list[NamedDrug]:
    """The drugs of one text that the other does not name, each at its first place."""
    found: dict[str, NamedDrug] = {}
    for drug in ours.drugs:
        if drug.name not in found and not _stands(drug.name, theirs):
            found[drug.name] = drug
    return list(found.values())


def same_drug(left: str, right: str) -> bool:
    """Whether two names are one drug's in two spellings, or in one line of synonyms."""
    ours, theirs = _spelt(folded_word(left)), _spelt(folded_word(right))
    return ours == theirs or fuzz.ratio(ours, theirs) >= ALIKE or bool({*synonym_lines(left)} & {*synonym_lines(right)})


def _stands(name: str, theirs: DrugNames) -> bool:
    if any(line in theirs.synonyms for line in synonym_lines(name)):
        return True
    spelt = _spelt(folded_word(name))
    if spelt in theirs.words:
        return True
    if len(spelt) >= WITHIN and any(spelt in word for word in theirs.words):
        return True
    if any(len(word) >= WITHIN and spelt.startswith(word) for word in theirs.words):
        return True
    return process.extractOne(spelt, theirs.words, scorer=fuzz.ratio, score_cutoff=ALIKE) is not None


def _named(text: str) -> Iterator[NamedDrug]:
    seen: set[int] = set()
    listed_drugs = (run.span() for run in RUN.finditer(text) if _is_listed(run[0]))
    for start, end in (*find_drugs(text), *listed_drugs):
        name = text[start:end].lower().rpartition("-")[2]
        if start not in seen and keeps_its_name(name):
            seen.add(start)
            yield NamedDrug(name, start, end)


@lru_cache(maxsize=20_000)
def _is_listed(run: str) -> bool:
    return _listed_drugs().fullmatch(run) is not None


@cache
def _listed_drugs() -> re.Pattern[str]:
    """The names of one word in the file of doses, which their stems do not tell, as whole words."""
    single = {name for name in drugs_with_doses() if name.isalpha() and len(name) > WITHIN}
    return re.compile(rf"(?:{any_of(single)})e?", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def _spelt(word: str) -> str:
    return ENDS.sub("", skeleton(word).text)

"""A structured case: one patient with one condition, drawn once and told in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from curation.generate.conditions import Analyte
from curation.generate.drug import Drug
from curation.generate.phrase import Wording
from curation.record import Assertion


class Item(NamedTuple):
    """A piece of information in both languages."""

    en: Wording
    de: Wording
    category: str
    assertion: Assertion = Assertion.PRESENT


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured value; `state` is -1 below, 0 within and 1 above the normal range."""

    key: str
    analyte: Analyte
    value: float
    second: int
    state: int
    other_unit: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """A drug as it is given in this case."""

    name: tuple[Wording, Wording]
    drug: Drug
    amount: str
    route: str
    frequency: str
    duration: tuple[int, str] | None
    stopped: int | None


@dataclass(frozen=True, slots=True)
class DrawnTest:
    """An examination with what it showed here."""

    test: Item
    shows: tuple[Item, ...]
    pathology: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """All that is told of a patient, whatever the language and the plan."""

    specialty: str
    condition: str
    sex: int
    age: int
    age_unit: str
    #: Whether the patient can tell how it was: nobody denies or reports anything in a coma or as an infant.
    speaks: bool
    plan: str
    onset: tuple[int, str] | None
    items: Mapping[str, tuple[Item, ...]]
    tests: tuple[DrawnTest, ...]
    labs: tuple[Reading, ...]
    normal: tuple[Reading, ...]
    vitals: tuple[Reading, ...]
    drugs: tuple[Dose, ...]

    @property
    def years(self) -> int:
        """The age in whole years; under one is 0."""
        return whole_years(self.age, self.age_unit)


def whole_years(age: int, unit: str) -> int:
    """An age in whole years; under one is 0."""
    return age // {"years": 1, "months": 12, "weeks": 52, "days": 365}[unit]

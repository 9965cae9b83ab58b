"""A structured case: one patient with one condition, drawn once and realised in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from curation.generate.conditions import MeasuredAnalyte
from curation.generate.drug import Medication
from curation.generate.phrase import Wording
from curation.record import Assertion


class CaseFact(NamedTuple):
    """A piece of information in both languages."""

    en: Wording
    de: Wording
    category: str
    assertion: Assertion = Assertion.PRESENT


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured value; `state` is -1 below, 0 within and 1 above the normal range."""

    key: str
    analyte: MeasuredAnalyte
    value: float
    second: int
    state: int
    other_unit: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """A drug as it is given in this case."""

    name: tuple[Wording, Wording]
    drug: Medication
    amount: str
    route: str
    frequency: str
    duration: tuple[int, str] | None
    stopped: int | None


@dataclass(frozen=True, slots=True)
class DrawnTest:
    """An examination with what it showed here."""

    test: CaseFact
    shows: tuple[CaseFact, ...]
    pathology: tuple[CaseFact, ...]


@dataclass(frozen=True, slots=True)
class PatientCase:
    """All facts of a patient, whatever the language and the plan."""

    specialty: str
    condition: str
    sex: int
    age: int
    age_unit: str
    #: Whether the patient can speak: nothing is denied or reported in a coma or by an infant.
    speaks: bool
    plan: str
    onset: tuple[int, str] | None
    items: Mapping[str, tuple[CaseFact, ...]]
    tests: tuple[DrawnTest, ...]
    labs: tuple[Measurement, ...]
    normal: tuple[Measurement, ...]
    vitals: tuple[Measurement, ...]
    drugs: tuple[Dose, ...]

    @property
    def years(self) -> int:
        """The age in whole years; under one is 0."""
        return whole_years(self.age, self.age_unit)


def whole_years(age: int, unit: str) -> int:
    """An age in whole years; under one is 0."""
    return age // {"years": 1, "months": 12, "weeks": 52, "days": 365}[unit]

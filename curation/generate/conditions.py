"""The conditions that cases are drawn from: one YAML file a specialty in conditions/, checked on loading.

``python -m curation.generate.preview FILE`` checks a file and prints samples of it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator

from curation.errors import SchemeError
from curation.generate.drug import AGE_UNITS, SPAN_UNITS, Medication, Range
from curation.generate.phrase import Phrase
from curation.record import Frozen

FOLDER = Path(__file__).parent
CONDITIONS = FOLDER / "conditions"


def _noun(phrase: Phrase) -> Phrase:
    if not phrase.gender:
        raise ValueError(f"expected a tag (m), (f), (n) or (p) at the end of the German noun phrase {phrase.de!r}")
    return phrase


def _predicate(phrase: Phrase) -> Phrase:
    if phrase.gender:
        raise ValueError(f"expected a German predicate without a tag, got {phrase.de!r}")
    return phrase


def _as_phrase(value: object) -> Phrase:
    return value if isinstance(value, Phrase) else Phrase.parse(str(value))


Noun = Annotated[Phrase, BeforeValidator(lambda value: _noun(_as_phrase(value)))]
Predicate = Annotated[Phrase, BeforeValidator(lambda value: _predicate(_as_phrase(value)))]
Age = Annotated[Range, BeforeValidator(lambda value: Range.parse(value, AGE_UNITS, "years"))]
Duration = Annotated[Range, BeforeValidator(lambda value: Range.parse(value, SPAN_UNITS))]
Values = Annotated[Range, BeforeValidator(lambda value: Range.parse(value, ()))]
Medicine = Annotated[Medication, BeforeValidator(Medication.parse)]


class MeasuredAnalyte(Frozen):
    """What a laboratory or a monitor measures, in its conventional unit."""

    name: Phrase
    unit: str = ""
    normal: Values
    decimals: int = Field(default=0, ge=0, le=3)
    abbreviation: Phrase | None = None
    #: Another unit and the factor from the first: SI beside conventional.
    other: tuple[str, float, int] | None = None
    #: A monitor's reading, given with the examination, rather than a laboratory's.
    vital: bool = False
    #: German writing of the unit where it differs (g/dl for g/dL, IE for IU).
    unit_de: str | None = None


class Test(Frozen):
    """An examination and what it may show."""

    __test__ = False  # not one of pytest's

    test: Noun
    shows: tuple[Noun, ...] = ()
    pathology: tuple[Noun, ...] = ()


class Disease(Frozen):
    """A disease, and all that a case of it may be made of."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    #: Wordings of the diagnosis; one is drawn.
    diagnosis: tuple[Noun, ...] = Field(min_length=1)
    #: Its usual abbreviation, for later mentions.
    short: Phrase | None = None
    ages: tuple[Age, ...] = Field(min_length=1)
    sex: Literal["any", "male", "female"] = "any"
    onset: Duration
    #: The patient cannot speak: nothing is reported, denied or complained of.
    silent: bool = False
    symptoms: tuple[Noun, ...] = Field(min_length=3)
    signs: tuple[Noun, ...] = Field(min_length=2)
    absent: tuple[Noun, ...] = Field(min_length=3)
    #: Abnormal ranges, in the analyte's unit.
    labs: dict[str, Values] = Field(default_factory=dict)
    #: Analytes that are given with a normal value.
    normal: tuple[str, ...] = ()
    tests: tuple[Test, ...] = Field(min_length=1)
    drugs: tuple[Medicine, ...] = Field(min_length=1)
    #: Drugs that were avoided or stopped; marked as negated.
    avoided: tuple[Noun, ...] = ()
    interventions: tuple[Noun, ...] = ()
    outcomes: tuple[Predicate, ...] = Field(min_length=2)
    #: Diseases that were considered: given as suspected or as ruled out.
    differentials: tuple[Noun, ...] = Field(min_length=1)
    complications: tuple[Noun, ...] = ()
    comorbidities: tuple[Noun, ...] = ()
    history: tuple[Noun, ...] = ()
    family: tuple[Predicate, ...] = ()
    #: Diseases of which there is none in the family.
    family_none: tuple[Noun, ...] = ()
    life_style: tuple[Predicate, ...] = ()
    social: tuple[Predicate, ...] = ()
    #: Keys of general comorbidities that would repeat the diagnosis.
    not_with: tuple[str, ...] = ()

    @field_validator("ages", mode="before")
    @classmethod
    def _one_is_enough(cls, ages: object) -> object:
        return (ages,) if isinstance(ages, str) else ages

    @model_validator(mode="after")
    def _has_values(self) -> Disease:
        if len(self.labs) + len(self.normal) < 3:
            raise ValueError(f"condition {self.id}: expected three laboratory values or more (labs, normal)")
        if twice := sorted(set(self.labs) & set(self.normal)):
            raise ValueError(f"condition {self.id}: both abnormal and normal: {', '.join(twice)}")
        return self


class Specialty(Frozen):
    """One file of conditions."""

    specialty: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    #: Analytes that only this specialty needs.
    analytes: dict[str, MeasuredAnalyte] = Field(default_factory=dict)
    conditions: tuple[Disease, ...] = Field(min_length=1)


def load_yaml(path: Path) -> Any:
    """The content of a YAML file; SchemeError when it is none."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError) as error:
        raise SchemeError(f"{path}: expected a YAML file: {error}") from error


@cache
def general_analytes() -> dict[str, MeasuredAnalyte]:
    """The analytes that every specialty may name."""
    return {key: MeasuredAnalyte.model_validate(value) for key, value in load_yaml(FOLDER / "laboratory.yaml").items()}


def load_specialty(path: Path) -> Specialty:
    """One file of conditions, checked; SchemeError names the file, the path in it and what was expected."""
    try:
        specialty = Specialty.model_validate(load_yaml(path))
    except ValidationError as error:
        problems = "\n  ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        )
        raise SchemeError(f"{path.name}: {error.error_count()} problems\n  {problems}") from error
    analytes = {**general_analytes(), **specialty.analytes}
    for condition in specialty.conditions:
        if unknown := sorted({*condition.labs, *condition.normal} - set(analytes)):
            raise SchemeError(
                f"{path.name}: condition {condition.id} names analytes that neither laboratory.yaml "
                f"nor the file's own list has: {', '.join(unknown)}"
            )
    return specialty


@cache
def load_specialties(folder: Path = CONDITIONS) -> tuple[Specialty, ...]:
    """All files of conditions, in the order of their names; no condition id stands twice."""
    specialties = tuple(load_specialty(path) for path in sorted(folder.glob("*.yaml")))
    ids = [condition.id for specialty in specialties for condition in specialty.conditions]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise SchemeError(f"{folder.name}: expected each condition once, got more than once: {', '.join(twice)}")
    return specialties

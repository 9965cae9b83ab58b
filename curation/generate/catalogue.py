"""The conditions there are, each with all that a case of it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from curation.errors import SchemeError
from curation.generate.background import SuitableTraits, suitable_traits
from curation.generate.conditions import Disease, MeasuredAnalyte, Specialty, general_analytes, load_specialties


class Chapter(NamedTuple):
    """A condition with its specialty, its analytes and the traits that suit it."""

    specialty: str
    condition: Disease
    analytes: Mapping[str, MeasuredAnalyte]
    suitable: SuitableTraits


def chapters_of(specialty: Specialty) -> tuple[Chapter, ...]:
    """The conditions of one file, ready to be drawn from."""
    analytes = {**general_analytes(), **specialty.analytes}
    return tuple(
        Chapter(specialty.specialty, disease, analytes, suitable_traits(disease)) for disease in specialty.conditions
    )


@cache
def chapters() -> tuple[Chapter, ...]:
    """Every condition of the files, ready to be drawn from."""
    found = tuple(chapter for specialty in load_specialties() for chapter in chapters_of(specialty))
    if not found:
        raise SchemeError("expected files of conditions beside the generator, found none: install it again")
    return found

"""The conditions there are, each with all that a case of it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from curation.errors import SchemeError
from curation.generate.background import Suited, suited
from curation.generate.conditions import Analyte, Condition, Specialty, general_analytes, load_specialties


class Chapter(NamedTuple):
    """A condition with its specialty, its analytes and the traits that suit it."""

    specialty: str
    condition: Condition
    analytes: Mapping[str, Analyte]
    suited: Suited


def chapters_of(specialty: Specialty) -> tuple[Chapter, ...]:
    """The conditions of one file, ready to be drawn from."""
    analytes = {**general_analytes(), **specialty.analytes}
    return tuple(Chapter(specialty.specialty, one, analytes, suited(one)) for one in specialty.conditions)


@cache
def chapters() -> tuple[Chapter, ...]:
    """Every condition there is, ready to be drawn from."""
    found = tuple(chapter for specialty in load_specialties() for chapter in chapters_of(specialty))
    if not found:
        raise SchemeError("expected files of conditions beside the generator, found none: install it again")
    return found

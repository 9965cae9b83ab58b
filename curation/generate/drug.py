"""Ranges and drugs in the short notation of the condition files: ``2-6 days``, ``aspirin = ASS | 100 mg | oral``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from curation.generate.phrase import Phrase

RANGE = re.compile(r"(?P<low>\d+(?:\.\d+)?)-(?P<high>\d+(?:\.\d+)?)(?: (?P<unit>[a-z]+))?")
DOSE = re.compile(r"(?P<amounts>\d[\d.]*(?:/\d[\d.]*)*) (?P<unit>\S.*)")
AGE_UNITS = ("years", "months", "weeks", "days")
SPAN_UNITS = ("minutes", "hours", "days", "weeks", "months", "years")
ROUTES = (
    "oral", "intravenous", "subcutaneous", "intramuscular", "inhaled", "topical", "rectal", "sublingual",
    "intranasal", "transdermal", "intrathecal", "vaginal", "intravitreal", "ophthalmic", "intraarticular",
)  # fmt: skip
FREQUENCIES = (
    "once", "once_daily", "twice_daily", "three_times_daily", "four_times_daily", "every_4_hours",
    "every_6_hours", "every_8_hours", "every_12_hours", "at_night", "as_needed", "once_weekly", "every_2_weeks",
    "every_3_weeks", "every_4_weeks", "continuous", "on_alternate_days", "every_3_months",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """A range of whole numbers or of decimals, with its unit."""

    low: float
    high: float
    unit: str = ""

    @classmethod
    def parse(cls, notation: object, units: Sequence[str], default: str = "") -> Range:
        """The range in a notation such as ``2-6 days``."""
        if isinstance(notation, cls):
            return notation
        found = RANGE.fullmatch(str(notation).strip())
        if not found:
            example = f"2-6 {units[0]}" if units else "2-6"
            raise ValueError(f"expected a range such as {example!r}, got {notation!r}")
        unit = found["unit"] or default
        if units and unit not in units:
            raise ValueError(f"expected one of {', '.join(units)}, got {notation!r}")
        low, high = float(found["low"]), float(found["high"])
        if high < low:
            raise ValueError(f"expected a range that rises, got {notation!r}")
        return cls(low, high, unit)


@dataclass(frozen=True, slots=True)
class Medication:
    """A drug with its possible doses; amounts are alternatives."""

    name: Phrase
    amounts: tuple[str, ...] = ()
    unit: str = ""
    route: str = ""
    frequency: str = ""
    duration: Range | None = None

    @classmethod
    def parse(cls, notation: object) -> Medication:
        """The drug in ``name = Name | 40/60 mg | route | frequency | 3-8 days``; ``-`` leaves one out."""
        if isinstance(notation, cls):
            return notation
        name, *rest = [part.strip() for part in str(notation).split(" | ")]
        if len(rest) > 4:
            raise ValueError(f"expected name | dose | route | frequency | duration, got {notation!r}")
        dose, route, frequency, duration = ["" if part == "-" else part for part in rest] + [""] * (4 - len(rest))
        found = DOSE.fullmatch(dose)
        if dose and not found:
            raise ValueError(f"expected a dose such as '40/60 mg', got {dose!r} in {notation!r}")
        for value, allowed in ((route, ROUTES), (frequency, FREQUENCIES)):
            if value and value not in allowed:
                raise ValueError(f"expected one of {', '.join(allowed)}, got {value!r} in {notation!r}")
        return cls(
            name=Phrase.parse(name),
            amounts=tuple(found["amounts"].split("/")) if found else (),
            unit=found["unit"] if found else "",
            route=route,
            frequency=frequency,
            duration=Range.parse(duration, SPAN_UNITS) if duration else None,
        )

"""Laboratory values against what can be measured in a living person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pydantic import Field

from curation.record import Frozen
from curation.text.quantities import NONE, Quantity, Unit, quantities, unit
from curation.text.terms import any_of, listed
from validation.measures.knowledge import read_knowledge

#: Characters that may stand between a name and its value, and words that may: of, fell to, bei, lag bei.
GAP = 45
#: A wrong power of ten that people write: the decimal point, or the unit's prefix.
SLIPS = (10.0, 0.1, 100.0, 0.01, 1e3, 1e-3, 1e6, 1e-6)


class AnalyteRange(Frozen):
    """An entry of the file: names, unit, and the values that can be."""

    names: str
    exact: tuple[str, ...] = ()
    unit: str = ""
    possible: tuple[float, float] | None = None
    other: dict[str, float] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownAnalytes:
    """An analyte with its unit read."""

    name: str
    analyte: AnalyteRange
    unit: Unit

    def factor(self, kind: str) -> float | None:
        """What leads from the basic unit of a kind to that of this analyte; None where nothing does."""
        if kind == self.unit.kind:
            return 1.0
        factor = self.analyte.other.get(kind)
        return None if factor is None else factor * self.unit.factor


@dataclass(frozen=True, slots=True)
class AmountReading:
    """A value of an analyte: whether it can be, and whether another power of ten would make it so."""

    analyte: str
    plausible: bool
    slip: bool = False


def readings(wording: str, language: str) -> Iterator[AmountReading]:
    """The values in a wording that have a known name before them and a unit to compare."""
    if _elsewhere().search(wording):
        return
    named = list(_named(wording))
    if not named:
        return
    found = quantities(wording, language)
    for index, (known_analyte, end) in enumerate(named):
        until = named[index + 1][1] if index + 1 < len(named) else len(wording)
        value = next((quantity for quantity in found if end <= quantity.start < min(until, end + GAP)), None)
        reading = None if value is None else _judged(known_analyte, value)
        if reading is not None:
            yield reading


def _judged(known_analyte: KnownAnalytes, value: Quantity) -> AmountReading | None:
    limits, found = known_analyte.analyte.possible, value.unit
    if limits is None or found is None or found.kind in known_analyte.analyte.ignore:
        return None
    if found == NONE and known_analyte.unit != NONE:
        return None
    factor = known_analyte.factor(found.kind)
    if factor is None:
        return (
            AmountReading(known_analyte.name, plausible=False) if _tells(known_analyte.unit) and _tells(found) else None
        )
    if value.within(*limits, known_analyte.unit, factor):
        return AmountReading(known_analyte.name, plausible=True)
    slip = any(value.within(*limits, known_analyte.unit, factor * power) for power in SLIPS)
    return AmountReading(known_analyte.name, plausible=False, slip=slip)


def _tells(unit: Unit) -> bool:
    """Whether a unit is an amount in a volume: of two such that nothing leads between, one is wrong."""
    return unit.kind.endswith("/L")


def _named(wording: str) -> Iterator[tuple[KnownAnalytes, int]]:
    folded, exact = _patterns()
    found = list(folded.finditer(wording.lower()))
    if (first := exact.match(wording)) and not (found and found[0].start() == 0):
        found.insert(0, first)
    for match in found:
        yield _analytes()[match["name"]], match.end()


@cache
def _analytes() -> dict[str, KnownAnalytes]:
    """Each name, as it is looked for, and what it names."""
    found: dict[str, KnownAnalytes] = {}
    for name, analyte in read_knowledge("laboratory", dict[str, AnalyteRange]).items():
        read = unit(analyte.unit)
        assert read is not None, f"laboratory.yaml, {name}: expected a unit that can be read, got {analyte.unit}"
        named = KnownAnalytes(name, analyte, read)
        found |= dict.fromkeys((*listed(analyte.names), *analyte.exact), named)
    return found


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    analytes = {named.name: named.analyte for named in _analytes().values()}.values()
    folded = [name for analyte in analytes for name in listed(analyte.names)]
    exact = [name for analyte in analytes for name in analyte.exact]
    return (
        re.compile(rf"(?<![\w-])(?P<name>{any_of(folded)})(?![\w-])"),
        re.compile(rf"(?P<name>{any_of(exact)})(?![\w+-]|\s?/\s?[A-Za-z])"),
    )


@cache
def _elsewhere() -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of(read_knowledge('body_fluids', tuple[str, ...]))})", re.IGNORECASE)

"""Doses of drugs against what is ever given of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from curation.record import Frozen
from curation.text.quantities import Quantity, Unit, quantities, unit
from curation.text.terms import any_of, listed
from validation.measures.knowledge import read_knowledge
from validation.measures.laboratory import GAP, SLIPS, AmountReading

#: Times after a dose that make it one of a day, and times that make it a rate, which is not compared.
DAILY = re.compile(r"/d$")
#: Words by which what follows may be another drug's.
APART = re.compile(r"[,;+]|\b(?:and|with|then|und|mit|dann|plus|followed|to|auf|total|insgesamt)\b", re.IGNORECASE)
#: Of two kinds of drug together (100/25 mg) each has a dose of its own.
PAIR = re.compile(r"\d\s?/\s?\d")


class DrugDoses(Frozen):
    """An entry of the file: names, and by unit the least and the highest dose."""

    names: str
    dose: dict[str, tuple[float, float]]


@cache
def _drugs() -> dict[str, tuple[str, dict[str, tuple[Unit, float, float]]]]:
    """By each name: the first name, and by the kind of unit what can be given."""
    found: dict[str, tuple[str, dict[str, tuple[Unit, float, float]]]] = {}
    for drug in read_knowledge("doses", list[DrugDoses]):
        names = listed(drug.names)
        limits = {}
        for spelt, (low, high) in drug.dose.items():
            read = unit(spelt)
            assert read is not None, f"doses.yaml, {names[0]}: expected a unit that can be read, got {spelt}"
            limits[read.kind] = (read, low, high)
        found |= dict.fromkeys((name.removesuffix("e") for name in names), (names[0], limits))
    return found


def drugs_with_doses() -> Iterator[str]:
    """The names of the file, in lower case, without a last e."""
    return iter(_drugs())


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w/-])(?P<name>{any_of(_drugs())})e?(?![\w/-])")


def doses(wording: str, language: str) -> Iterator[AmountReading]:
    """The doses in a wording that stand beside a known drug, in a unit to compare."""
    named = [(match["name"], match.start(), match.end()) for match in _pattern().finditer(wording.lower())]
    if not named or PAIR.search(wording):
        return
    for amount in quantities(wording, language):
        name = _drug_of(amount, named, wording)
        reading = _judged(name, amount) if name else None
        if reading is not None:
            yield reading


def _drug_of(amount: Quantity, named: list[tuple[str, int, int]], wording: str) -> str | None:
    """The drug whose dose an amount is: the last before it, else the first after it, with nothing between."""
    before = [(name, wording[end : amount.start]) for name, _, end in named if end <= amount.start]
    after = [(name, wording[amount.end : start]) for name, start, _ in named if start >= amount.end]
    name, between = before[-1] if before else after[0] if after else ("", "")
    return name if name and len(between) <= GAP and not APART.search(between) else None


def _judged(name: str, amount: Quantity) -> AmountReading | None:
    drug, limits = _drugs()[name]
    if amount.unit is None:
        return None
    limit = limits.get(DAILY.sub("", amount.unit.kind))
    if limit is None:
        return None
    unit, low, high = limit
    if amount.within(low, high, unit, 1.0):
        return AmountReading(drug, plausible=True)
    slip = any(amount.within(low, high, unit, power) for power in SLIPS)
    return AmountReading(drug, plausible=False, slip=slip)

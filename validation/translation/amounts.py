"""Amounts that have another unit in the translation, and numbers that are another only because the unit is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from curation.text.quantities import NONE, Unit, quantities
from validation.translation.numerals import Differences, Numeral

#: Absolute temperatures: 100.4 °F is 38 °C.
CELSIUS, FAHRENHEIT = "°C", "°F"
#: Units of time: "every 8 h" and "for 8 d" of one text are two other numbers in words in the other.
TIMES = frozenset({"s", "min", "h", "d", "wk"})
#: How near two amounts must be to be the same after a conversion, of the amount.
NEAR = 0.01


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with a unit that is known, and where it stands."""

    value: float
    unit: Unit
    start: int
    end: int

    @property
    def same(self) -> tuple[str, str]:
        """What two writings of one amount have in common: the kind and the value in its basic unit."""
        if self.unit.kind == FAHRENHEIT:
            return CELSIUS, f"{(self.value - 32) / 1.8:.1f}"
        return self.unit.kind, f"{self.value * self.unit.factor:.6g}"


def amounts(text: str, language: str) -> list[Amount]:
    """The numbers of a text that have a known unit, from left to right."""
    return [
        Amount(quantity.value, quantity.unit, quantity.start, quantity.end)
        for quantity in quantities(text, language)
        if quantity.unit is not None and quantity.unit != NONE
    ]


@dataclass(frozen=True, slots=True)
class Units:
    """Amounts of the translation in another unit than in the original, and the numbers that a conversion explains."""

    changed: tuple[Amount, ...]
    differences: Differences


def compared_units(original: Sequence[Amount], translation: Sequence[Amount], numbers: Differences) -> Units:
    """The amounts whose number is the same and whose unit is not; and the differing numbers without the converted."""
    lost, gained = _surplus(original, translation), _surplus(translation, original)
    values = Counter(amount.value for amount in lost if amount.unit.kind not in TIMES)
    changed = []
    for amount in gained:
        if values[amount.value] and amount.unit.kind not in TIMES:
            values[amount.value] -= 1
            changed.append(amount)
    return Units(
        tuple(changed),
        Differences(
            _unexplained(numbers.lost, original, translation), _unexplained(numbers.gained, translation, original)
        ),
    )


def _surplus(ours: Sequence[Amount], theirs: Sequence[Amount]) -> list[Amount]:
    """The amounts that one side has more often than the other."""
    counts = Counter(amount.same for amount in theirs)
    found = []
    for amount in ours:
        counts[amount.same] -= 1
        if counts[amount.same] < 0:
            found.append(amount)
    return found


def _unexplained(numbers: Sequence[Numeral], ours: Sequence[Amount], theirs: Sequence[Amount]) -> tuple[Numeral, ...]:
    """The numbers that do not stand in an amount which the other side writes in another unit."""
    by_start = {amount.start: amount for amount in ours}
    return tuple(
        number
        for number in numbers
        if not (
            number.start in by_start and any(_converted(by_start[number.start], counterpart) for counterpart in theirs)
        )
    )


def _converted(amount: Amount, counterpart: Amount) -> bool:
    if amount.unit == counterpart.unit:
        return False
    (kind, value), (their_kind, their_value) = amount.same, counterpart.same
    # Degrees are rounded to whole ones on the way.
    near = 0.3 if kind == CELSIUS else NEAR * abs(float(value))
    return kind == their_kind and abs(float(value) - float(their_value)) <= near

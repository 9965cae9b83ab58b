"""Quantities: a number and a unit as people write them, in numbers that can be compared.

A unit is a kind (what is measured: ``g/L``) and a factor (``mg/dL`` is 0.01 of it). No general library of
units has the spellings of wards (``Tsd/µl``, ``G/l``, ``IE``, ``× 10⁹/L``, ``mg/d``), hence this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from curation.record import Frozen
from curation.text.folding import Span
from curation.text.numbers import GROUPED, number
from curation.text.word_lists import FOLDER, read_word_list

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
#: From the first of these on a wording is not a unit any more.
PART = r"[µmcd]?[mM][23²³]|[^\W\d_]+\.?|%|°\s?[CF]"
POWER = r"(?:[×x*·]\s?)?10\s?[\^*]?\s?\d{1,2}\s?|(?:[×x*·]\s?)?10[⁰¹²³⁴⁵⁶⁷⁸⁹]+\s?"
UNIT = re.compile(rf"\s?(?P<power>{POWER})?(?P<unit>(?:{PART})?(?:\s?/\s?(?:\d+(?:[.,]\d+)?\s?)?(?:{PART}))*)")


class Spellings(Frozen):
    """The file of units."""

    spellings: dict[str, tuple[str, ...]]
    bases: tuple[str, ...]
    prefixes: dict[str, float]
    names: dict[str, str]
    measured: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is measured, and how many of its basic units one of these is."""

    kind: str
    factor: float = 1.0


#: A bare number.
NONE = Unit("")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit (None: written in one that is not known), and where it stands in a wording."""

    value: float
    unit: Unit | None
    start: int
    end: int

    def within(self, low: float, high: float, unit: Unit, factor: float) -> bool:
        """Whether it lies between two bounds in another unit; `factor` leads from its kind to that unit's."""
        assert self.unit is not None
        value = self.value * self.unit.factor * factor / unit.factor
        return low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


@cache
def spellings() -> Spellings:
    """The spellings of units."""
    return read_word_list(FOLDER / "units.yaml", Spellings)


@lru_cache(maxsize=4_096)
def unit(written: str) -> Unit | None:
    """The unit of a spelling; None where it is not known."""
    spelt = written.strip().rstrip(".")
    spelt = _respelt().get(spelt, spelt)
    if not spelt:
        return NONE
    above, *below = (part.strip() for part in spelt.translate(SUPERSCRIPTS).split("/"))
    top = _base(_part(above)) if above else Unit("1")
    if top is None:
        return None
    kind, factor = top.kind, top.factor
    for part in below:
        found = _base(_part(part))
        if found is None:
            return None
        kind, factor = f"{kind}/{found.kind}", factor / found.factor
    return Unit(kind, factor)


@cache
def _respelt() -> dict[str, str]:
    return {spelling: name for name, several in spellings().spellings.items() for spelling in several}


def _part(part: str) -> str:
    part = part.strip()
    part = _respelt().get(part, part)
    return spellings().names.get(part, part)


@lru_cache(maxsize=4_096)
def _base(part: str) -> Unit | None:
    units = spellings()
    if power := re.fullmatch(r"(?:[×x*·]\s?)?10\s?[\^*]?\s?(\d{1,2})", part):
        return Unit("1", 10.0 ** int(power[1]))
    if part in ("m2", "M2"):
        return Unit("m2")
    if cube := re.fullmatch(r"([µmcd]?)m3", part):
        return Unit("L", (units.prefixes[cube[1]] if cube[1] else 1.0) ** 3 * 1000)
    if part in units.bases:
        return Unit(part)
    for prefix, factor in units.prefixes.items():
        base = spellings().names.get(part.removeprefix(prefix), part.removeprefix(prefix))
        if part.startswith(prefix) and base in units.bases and base not in ("%", "°C", "°F", "h", "d", "min"):
            return Unit(base, factor)
    return None


BLANK = re.compile(r"\s")
NUMBER = re.compile(GROUPED)
#: What makes one unit that of two numbers: 92/54 mmHg, 2-3 mg.
PAIR = re.compile(rf"\s?[/–-]\s?(?={GROUPED})")
PARTS = re.compile(rf"(?:\s?/\s?(?:{PART}))*")
READING = re.compile(rf"(?<![\w.,/^-])(?P<number>{GROUPED})")


def quantities(wording: str, language: str) -> list[Quantity]:
    """The numbers of a wording with the units after them, from left to right.

    Of a pair such as 92/54 mmHg both have the unit; of 2-3 mg too.
    """
    wording = BLANK.sub(" ", wording)
    found: list[Quantity] = []
    open_pairs: list[tuple[float, int]] = []
    for match in READING.finditer(wording):
        if found and match.start() < found[-1].end:
            continue
        value = number(match["number"], language)
        pair = PAIR.match(wording, match.end())
        if pair:
            open_pairs.append((value, match.start()))
            # The number after the sign is no start of its own for the pattern above.
            second = NUMBER.match(wording, pair.end())
            assert second is not None
            match, value = second, number(second[0], language)
            last = _measured(wording, value, match.start(), match.end())
            found += [Quantity(first, last.unit, start, last.end) for first, start in open_pairs] + [last]
            open_pairs.clear()
        else:
            found.append(_measured(wording, value, match.start(), match.end()))
    return found


def measured_spans(text: str) -> list[Span]:
    """Where numbers with a unit of medicine stand in a text; a pair such as 120/80 counts as one."""
    return [match.span() for match in _in_text().finditer(text)]


@cache
def _in_text() -> re.Pattern[str]:
    # Bounded everywhere, so that no text takes a time that grows with the square of its length.
    amount = r"\d{1,12}(?:[.,]\d{1,9}){0,3}"
    units = "|".join(spellings().measured)
    return re.compile(rf"(?<![\w.,]){amount}(?:\s?[/x×-]\s?{amount}){{0,3}}\s?(?:{units})(?![\w])")


def _measured(wording: str, value: float, start: int, end: int) -> Quantity:
    match = UNIT.match(wording, end)
    if match is None or not (match["unit"] or match["power"]):
        return Quantity(value, NONE, start, end)
    written = match["unit"] or ""
    power = _base(re.sub(r"\s", "", (match["power"] or "").translate(SUPERSCRIPTS)))
    read, after = _longest(wording, match.start("unit"), written)
    if power is not None and read is not None:
        return Quantity(value, Unit(read.kind, read.factor * power.factor), start, after)
    if read is None and not _is_word(written):
        return Quantity(value, None, start, match.end())
    return Quantity(value, read or NONE, start, after if read else end)


def _longest(wording: str, start: int, written: str) -> tuple[Unit | None, int]:
    """The unit at an offset and its end: spellings of several words (mm Hg, beats per minute) first."""
    for spelling in _spaced():
        after = start + len(spelling)
        if wording.startswith(spelling, start) and not wording[after : after + 1].isalnum():
            rest = PARTS.match(wording, after)
            return unit(spelling + (rest[0] if rest else "")), rest.end() if rest else after
    return unit(re.sub(r"\s", "", written)) if written else None, start + len(written)


@cache
def _spaced() -> tuple[str, ...]:
    several = (spelling for forms in spellings().spellings.values() for spelling in forms)
    return tuple(
        sorted((spelling for spelling in several if " " in spelling or "." in spelling), key=len, reverse=True)
    )


def _is_word(written: str) -> bool:
    """Whether what follows a number is a word and no unit (3 and 6, 5 weeks)."""
    return "/" not in written and written.isalpha() and len(written) > 1

"""Quantities: a number and a unit as people write them, in numbers that can be compared.

A unit is a kind (what is measured: ``g/L``) and a factor (``mg/dL`` is 0.01 of it). No general library of
units knows the spellings of wards (``Tsd/µl``, ``G/l``, ``IE``, ``× 10⁹/L``, ``mg/d``), hence this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from curation.record import Frozen
from validation.measures.known import read_known

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
NUMBER = r"\d{1,3}(?:[ ']\d{3})+(?![\d.,]*\d)|\d+(?:[.,]\d+)*"
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
    elsewhere: tuple[str, ...]


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
    return read_known("quantities", Spellings)


def number(written: str, language: str) -> float:
    """A number as the language writes it: 1,240 is a thousand in English, 1.240 in German.

    A group of other than three digits, or a first group of nought, makes any sign a decimal one, and so does
    another sign before it.
    """
    plain = re.sub(r"[\s']", "", written)
    thousands, decimal = (".", ",") if language == "de" else (",", ".")
    if thousands in plain and plain.rfind(thousands) > plain.rfind(decimal) > -1:
        thousands, decimal = decimal, thousands
    whole, *groups = plain.split(thousands)
    if decimal not in plain and len(groups) == 1 and (len(groups[0]) != 3 or whole.strip("0") == ""):
        return float(plain.replace(",", "."))
    joined = plain.replace(thousands, "")
    return float(joined.replace(decimal, "." if joined.count(decimal) == 1 else ""))


@cache
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


def _base(part: str) -> Unit | None:
    known = spellings()
    if power := re.fullmatch(r"(?:[×x*·]\s?)?10\s?[\^*]?\s?(\d{1,2})", part):
        return Unit("1", 10.0 ** int(power[1]))
    if part in ("m2", "M2"):
        return Unit("m2")
    if cube := re.fullmatch(r"([µmcd]?)m3", part):
        return Unit("L", (known.prefixes[cube[1]] if cube[1] else 1.0) ** 3 * 1000)
    if part in known.bases:
        return Unit(part)
    for prefix, factor in known.prefixes.items():
        base = spellings().names.get(part.removeprefix(prefix), part.removeprefix(prefix))
        if part.startswith(prefix) and base in known.bases and base not in ("%", "°C", "°F", "h", "d", "min"):
            return Unit(base, factor)
    return None


BLANK = re.compile(r"\s")
READING = re.compile(rf"(?<![\w.,/^-])(?P<number>{NUMBER})")


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
        pair = re.match(rf"\s?(?:/|-|–|to|bis|und|and)\s?(?={NUMBER})", wording[match.end() :])
        if pair and pair[0].strip() in ("/", "-", "–"):
            open_pairs.append((value, match.start()))
            # The number after the sign is no start of its own for the pattern above.
            second = re.compile(NUMBER).match(wording, match.end() + len(pair[0]))
            assert second is not None
            match, value = second, number(second[0], language)
            last = _measured(wording, value, match.start(), match.end())
            found += [Quantity(one, last.unit, start, last.end) for one, start in open_pairs] + [last]
            open_pairs.clear()
        else:
            found.append(_measured(wording, value, match.start(), match.end()))
    return found


def _measured(wording: str, value: float, start: int, end: int) -> Quantity:
    match = UNIT.match(wording, end)
    if match is None or not (match["unit"] or match["power"]):
        return Quantity(value, NONE, start, end)
    stretch = match["unit"] or ""
    power = _base(re.sub(r"\s", "", (match["power"] or "").translate(SUPERSCRIPTS)))
    read, after = _longest(wording, match.start("unit"), stretch)
    if power is not None and read is not None:
        return Quantity(value, Unit(read.kind, read.factor * power.factor), start, after)
    if read is None and not _is_word(stretch):
        return Quantity(value, None, start, match.end())
    return Quantity(value, read or NONE, start, after if read else end)


def _longest(wording: str, start: int, stretch: str) -> tuple[Unit | None, int]:
    """The unit at a place and its end: spellings of several words (mm Hg, beats per minute) first."""
    for spelling in _spaced():
        after = start + len(spelling)
        if wording.startswith(spelling, start) and not wording[after : after + 1].isalnum():
            rest = re.match(rf"(?:\s?/\s?(?:{PART}))*", wording[after:])
            return unit(spelling + (rest[0] if rest else "")), after + (len(rest[0]) if rest else 0)
    return unit(re.sub(r"\s", "", stretch)) if stretch else None, start + len(stretch)


@cache
def _spaced() -> tuple[str, ...]:
    several = (one for spellings_ in spellings().spellings.values() for one in spellings_)
    return tuple(sorted((one for one in several if " " in one or "." in one), key=len, reverse=True))


def _is_word(stretch: str) -> bool:
    """Whether what follows a number is a word and no unit (3 and 6, 5 weeks)."""
    return "/" not in stretch and stretch.isalpha() and len(stretch) > 1

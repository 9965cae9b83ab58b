"""A laboratory value or a dose as a number with a unit of UCUM, where a wording says one and nothing else.

What may mean something else (a change, a bound in other words, several numbers) is not read: it stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from curation.record import Frozen
from curation.text.numbers import FIGURES, GROUPED, number
from curation.text.word_lists import read_word_list

FOLDER = Path(__file__).parent
SYSTEM = "http://unitsofmeasure.org"
#: Longer wordings are sentences.
LONGEST = 200
#: Numbers with more digits are no values, and floats would round them.
MOST_DIGITS = 15
#: A digit within a name: SpO2, HbA1c, IL-6, Ki-67.
IN_NAME = re.compile(r"(?<![\w-])[^\W\d_](?:[^\W\d]|-)*+\d[\w-]*")
#: What says after a value that it is high or low, or tells more in brackets.
FLAG = re.compile(r"\s*(?:[(\[][^()\[\]]*[)\]]|[↑↓]+)[\s.,;]*$")
NUMBER = re.compile(
    rf"(?P<sign>(?<![\w.,])[-−])?(?<![\w.,/^])(?P<first>{GROUPED})(?:\s?(?:[-–]|bis|to)\s?(?P<last>{GROUPED}))?"
)
#: One sign and three digits after it: thousands in one language, decimals in the other.
ONE_GROUP = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
POWER = re.compile(r"(?:[x×*·]\s?)?10\s?(?:\^|\*\*?)?\s?(\d{1,2})")
SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
#: What stands between a name and its value.
BETWEEN = re.compile(r"[\s:]*(?<![<>=])=?[\s:]*$")
#: Words between a name and its value.
CONNECTING = re.compile(r"\s+(?:of|was|is|were|at|von|war|ist|betrug|beträgt|bei)$", re.IGNORECASE)
#: What says of a number that it is not sure.
UNSURE = re.compile("[~≈±?]")
BRACKETED = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
#: A dash before a number, apart from it: a sign, or a sign between a name and its value.
DASH_LAST = re.compile(r"[-−‐‑‒–—―]$")
#: Of a dose: one that becomes another, or a part of one.
NOT_ONE_DOSE = re.compile(r"[→⇒➔]|[-=]>|[¼½¾⅓⅔]")
PRESSURE = re.compile(r"(?P<upper>\d{2,3})\s?/\s?(?P<lower>\d{2,3})\s?mm\s?[Hh]g")
WORD = re.compile(r"[^\W\d_]+")
#: How often in a day: 1-0-1, 1-0-0-1.
DAY_PLAN = re.compile(r"(?<![\w.,-])(?:\d|½)(?:[.,]\d)?(?:\s?-\s?(?:\d|½)(?:[.,]\d)?){2,3}(?![\w-])")
UNIT_AFTER = re.compile(r"\s?([^\s\d,;()]+\.?(?:\s?/\s?(?:24\s?h|[^\s\d,;()]+))*)")
#: What a dose is in: a mass, a volume, international units, an amount of substance; of a kilogram, or in a time.
DOSE = re.compile(r"(?:[munk]?g|[mu]?L|[mk]?\[iU\]|[mu]?mol|m?eq)(?:/kg)?(?P<rate>/(?:h|min|d))?")


class UnitSpellings(Frozen):
    """The file of units."""

    codes: dict[str, tuple[str, ...]]
    bases: dict[str, str]
    plain: dict[str, str]
    prefixes: dict[str, str]


class ValueWords(Frozen):
    """The file of words around values."""

    comparators: dict[str, tuple[str, ...]]
    unclear: frozenset[str]
    unclear_endings: frozenset[str]
    in_brackets: frozenset[str]
    pieces: frozenset[str]
    pressure: frozenset[str]


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """What was measured or given: a number, or both ends of a range, and its unit as written and in UCUM."""

    name: str
    value: float
    last: float | None = None
    comparator: str = ""
    unit: str = ""
    code: str = ""


def measured_value(wording: str, language: str) -> MeasuredValue | None:
    """The value of a wording such as `CRP < 5 mg/l`; None where it says none, or more than one thing."""
    if len(wording) > LONGEST:
        return None
    units = {inside.strip() for inside in BRACKETED.findall(wording) if ucum(inside.strip())}
    plain = _without_flags(wording)
    found = next(iter(_numbers(plain)), None)
    if found is None or _is_other_value(wording.strip()[len(plain) :]):
        return None
    name, comparator = _compared(_without_units(plain[: found.start()]))
    unit = plain[found.end() :].strip().rstrip(".,;") or next(iter(units), "")
    code = ucum(unit) if unit else ""
    if code is None or _numbers(name) or (found["last"] and comparator) or _is_unclear(name):
        return None
    if len(units | {unit}) > 1 or (units and len(unit) == 1 and unit.isalpha()) or (not unit and _ends_in_unit(name)):
        return None
    ends = _ends(found, language, code)
    if ends is None:
        return None
    return MeasuredValue(name, ends[0], ends[1], comparator=comparator, unit=unit, code=code)


def blood_pressure(wording: str) -> tuple[int, int] | None:
    """The systolic and the diastolic pressure (mmHg) of a wording that is a blood pressure and no more."""
    wording = _without_flags(wording[: LONGEST + 1])
    found = next(PRESSURE.finditer(wording), None)
    if found is None or found.end() != len(wording):
        return None
    name = BETWEEN.sub("", wording[: found.start()]).lower()
    upper, lower = int(found["upper"]), int(found["lower"])
    return (upper, lower) if name in _words().pressure and upper > lower else None


def dose(wording: str, language: str) -> MeasuredValue | None:
    """The dose in the wording of a drug, of each time or in a time; None where there is none, or not one only."""
    unplanned = DAY_PLAN.sub(lambda plan: "·" * len(plan[0]), wording[: LONGEST + 1])
    if len(wording) > LONGEST or _says(wording, _words().pieces) or NOT_ONE_DOSE.search(unplanned):
        return None
    found, counts = [], []
    for match in _numbers(unplanned):
        after = UNIT_AFTER.match(wording, match.end())
        code = ucum(after[1]) if after else None
        counts += [match.start()] if after is None else []
        # 5 mg-HCT, 5 mg / HCT: a dose that stands beside another.
        if after and code is None and DOSE.fullmatch(ucum(re.split(r"[\W\d_]", after[1])[0]) or ""):
            return None
        if wording[match.end() : match.end() + 1] in ("/", "+") and (after is None or code is None):
            return None
        if after and code and DOSE.fullmatch(code):
            found.append((match, after[1], code))
        elif code == "%" or (after and after[1].startswith("/")):
            return None
    if len(found) != 1 or min(counts, default=LONGEST) < found[0][0].start():
        return None
    match, unit, code = found[0]
    ends = _ends(match, language, code)
    if ends is None or match["sign"] or _compared(wording[: match.start()])[1]:
        return None
    return MeasuredValue("", ends[0], ends[1], unit=unit, code=code)


def is_rate(code: str) -> bool:
    """Whether a dose is one in a time."""
    found = DOSE.fullmatch(code)
    return bool(found and found["rate"])


def says_a_number(wording: str) -> bool:
    """Whether there is a number in a wording that is no part of a name."""
    return bool(_numbers(wording[: 10 * LONGEST]))


@lru_cache(maxsize=4_096)
def ucum(written: str) -> str | None:
    """The UCUM code of a unit as it was written; None where it is not known, or may mean several."""
    spelt = " ".join(written.split())
    if (code := _spelt().get(_folded(spelt))) is not None:
        return code
    above, *below = spelt.split("/")
    top = _top(above)
    parts = [_part(part) for part in below]
    if top is None or None in parts or not (top or parts):
        return None
    return "/".join((top, *parts))  # type: ignore[arg-type]


def _top(part: str) -> str | None:
    """The code above the first slash: perhaps a power of ten alone."""
    if not part:
        return ""
    plain = SUPERSCRIPT.sub(lambda found: "^" + found[0].translate(DIGITS), part)
    power = POWER.fullmatch(plain.strip())
    if power:
        return f"10*{power[1]}"
    return _part(part)


def _part(part: str) -> str | None:
    units, part = _units(), part.strip().removesuffix(".").strip()
    if part in units.plain:
        return units.plain[part]
    if part in units.bases:
        return units.bases[part]
    if "/" not in (code := _spelt().get(_folded(part), "/")):
        return code
    for prefix, power in units.prefixes.items():
        base = part.removeprefix(prefix)
        if base != part and base in units.bases:
            return power + units.bases[base]
    return None


@cache
def _units() -> UnitSpellings:
    return read_word_list(FOLDER / "ucum.yaml", UnitSpellings)


@cache
def _spelt() -> dict[str, str]:
    return {_folded(spelling): code for code, spellings in _units().codes.items() for spelling in spellings}


def _folded(spelling: str) -> str:
    """A spelling with each litre in small letters and no blanks around slashes."""
    return re.sub(r"\s?/\s?", "/", re.sub(r"(?<=1[.,]73) (?=[mq])", "", spelling)).replace("L", "l")


@cache
def _words() -> ValueWords:
    return read_word_list(FOLDER / "value_words.yaml", ValueWords)


def _without_flags(wording: str) -> str:
    wording = wording.strip().rstrip(".,;")
    while (shorter := FLAG.sub("", wording)) != wording:
        wording = shorter
    return wording


def _numbers(wording: str) -> list[re.Match[str]]:
    return list(NUMBER.finditer(IN_NAME.sub(lambda name: "·" * len(name[0]), wording)))


def _compared(before: str) -> tuple[str, str]:
    """The name before a number, and the comparator that stands between them."""
    name = BETWEEN.sub("", before)
    for spelling, comparator in _comparators():
        rest = name[: len(name) - len(spelling)]
        if name.lower().endswith(spelling) and not (spelling[0].isalpha() and rest[-1:].isalnum()):
            return CONNECTING.sub("", BETWEEN.sub("", rest)), comparator
    return CONNECTING.sub("", name), ""


@cache
def _comparators() -> list[tuple[str, str]]:
    """Each spelling with what it says, the longest first."""
    pairs = [(spelling, comparator) for comparator, several in _words().comparators.items() for spelling in several]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def _is_unclear(name: str) -> bool:
    endings = tuple(_words().unclear_endings)
    return (
        UNSURE.search(name) is not None
        or DASH_LAST.search(name) is not None
        or _says(name, _words().unclear)
        or any(word.lower().endswith(endings) for word in WORD.findall(name))
    )


def _is_other_value(flags: str) -> bool:
    """Whether brackets without a number say of the value before them that it was not measured: (target), (?)."""
    return any(
        UNSURE.search(inside) is not None or _says(inside, _words().in_brackets)
        for inside in BRACKETED.findall(flags)
        if not re.search(r"\d", inside)
    )


def _without_units(before: str) -> str:
    """What stands before a number, without its unit in brackets."""
    return BRACKETED.sub(lambda found: "" if ucum(found[1].strip()) else found[0], before)


def _ends_in_unit(name: str) -> bool:
    """Whether a name ends in a unit, which may be that of its value: CRP mg/l 12."""
    last = name.split()[-1] if name.strip() else ""
    return (len(last) > 1 or last == "%") and bool(ucum(last))


def _says(wording: str, words: Iterable[str]) -> bool:
    return not {word.lower() for word in WORD.findall(wording)}.isdisjoint(words)


def _ends(found: re.Match[str], language: str, code: str) -> tuple[float, float | None] | None:
    """The number of a match, or both ends of its range; None where one is not sure, or they do not rise."""
    first = _value(found["first"], language, code)
    last = _value(found["last"], language, code) if found["last"] else None
    if first is None or (found["last"] and (last is None or found["sign"] or first >= last)):
        return None
    return (-first if found["sign"] else first), last


def _value(written: str, language: str, code: str) -> float | None:
    """The number; None for one that may be thousands or decimals.

    In English a comma parts thousands and a point is one of decimals; a German point before three digits may be either,
    unless whole thousands follow or cells are counted.
    """
    is_sure = language == "en" or (language == "de" and "," in written) or written.endswith("000") or code == "/uL"
    if ONE_GROUP.fullmatch(written) and not is_sure:
        return None
    digits = re.sub(r"\D", "", written)
    if len(digits) > MOST_DIGITS or not re.fullmatch(FIGURES, re.sub(r"[ ']", "", written)):
        return None
    value = number(written, language)
    # 11,0 says more than 11: whole numbers are those that are written so.
    return int(value) if len(str(int(value))) == len(digits) else value

"""Readings, doses and times in the words of a language: ``CRP 84 mg/l``, ``oral einmal täglich für fünf Tage``."""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any

from curation.generate.case import Dose, Measurement
from curation.generate.conditions import FOLDER, load_yaml
from curation.generate.drug import Medication
from curation.generate.phrase import Wording

NUMBERS = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    "de": ("null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"),
}  # fmt: skip
#: One, several (dative), gender, short form.
UNITS_DE = {
    "minutes": ("Minute", "Minuten", "f", "min"),
    "hours": ("Stunde", "Stunden", "f", "h"),
    "days": ("Tag", "Tagen", "m", "d"),
    "weeks": ("Woche", "Wochen", "f", "Wo."),
    "months": ("Monat", "Monaten", "m", "Mon."),
    "years": ("Jahr", "Jahren", "n", "J."),
}
SHORT_EN = {"minutes": "min", "hours": "h", "days": "d", "weeks": "wk", "months": "mo", "years": "y"}
ONE_DE = {"dat": {"m": "einem", "f": "einer", "n": "einem"}, "acc": {"m": "einen", "f": "eine", "n": "ein"}}
STATES = {
    "en": {
        1: ("elevated ", "raised ", "increased "),
        0: ("normal ",),
        -1: ("low ", "reduced ", "decreased "),
    },
    "de": {1: ("erhöht~ ",), 0: ("normwertig~ ", "unauffällig~ "), -1: ("erniedrigt~ ", "vermindert~ ")},
}
#: Only a drug that is given for such a time, or for good, is said to have been stopped or tapered.
LONG = ("weeks", "months", "years")
IRREGULAR = ("", "once", "as_needed", "continuous")
ADJECTIVES = {
    "oral": "oral", "intravenous": "intravenous", "subcutaneous": "subcutaneous", "inhaled": "inhaled",
    "intramuscular": "intramuscular", "topical": "topical", "intranasal": "intranasal", "rectal": "rectal",
    "vaginal": "vaginal", "intrathecal": "intrathecal", "transdermal": "transdermal",
}  # fmt: skip


@cache
def dosing() -> Any:
    """The words of dosing.yaml."""
    return load_yaml(FOLDER / "dosing.yaml")


def figure(value: float, decimals: int, language: str) -> str:
    """A number as the language writes it: 1,234.5 or 1.234,5; thousands are parted from 10,000 on."""
    plain = f"{value:,.{decimals}f}" if abs(value) >= 10_000 else f"{value:.{decimals}f}"
    return plain.translate(str.maketrans(",.", ".,")) if language == "de" else plain


def length(time: tuple[int, str], language: str, *, case: str = "dat", words: bool = True) -> str:
    """A time such as ``three days``, ``drei Tagen`` (dative) or ``drei Tage`` (accusative)."""
    count, unit = time
    number = NUMBERS[language][count] if words and count <= 12 else str(count)
    if language == "en":
        return f"{number} {unit[:-1] if count == 1 else unit}"
    one, several, gender, _ = UNITS_DE[unit]
    if count == 1:
        return f"{ONE_DE[case][gender]} {one}"
    plural = several if case == "dat" or not several.endswith(("gen", "ren", "ten")) else several.removesuffix("n")
    return f"{number} {several if gender == 'f' else plural}"


def short_length(time: tuple[int, str], language: str) -> str:
    """A time such as ``3 d``."""
    return f"{time[0]} {SHORT_EN[time[1]] if language == 'en' else UNITS_DE[time[1]][3]}"


def quantity(reading: Measurement, language: str) -> str:
    """The value with its unit."""
    analyte, value, decimals, unit = (
        reading.analyte,
        reading.value,
        reading.analyte.decimals,
        reading.analyte.unit,
    )
    if reading.other_unit and analyte.other:
        unit, factor, decimals = analyte.other
        value *= factor
    elif language == "de" and analyte.unit_de is not None:
        unit = analyte.unit_de
    if language == "de" and reading.other_unit:
        unit = unit.replace("/L", "/l").replace("/dL", "/dl")
    number = figure(value, decimals, language)
    if reading.second:
        number = f"{number}/{reading.second}"
    gap = "" if not unit or unit.startswith("/") or (unit.startswith("%") and language == "en") else " "
    return f"{number}{gap}{unit}"


def measured(reading: Measurement, style: str, language: str, *, short: bool, rng: random.Random) -> Wording:
    """A reading: value (CRP 84 mg/L), state (elevated CRP (84 mg/L)) or of (CRP of 84 mg/L)."""
    phrase = reading.analyte.abbreviation if short and reading.analyte.abbreviation else reading.analyte.name
    name, amount = (phrase.en if language == "en" else phrase.de), quantity(reading, language)
    gender = phrase.gender if language == "de" else ""
    if style == "state":
        states = STATES[language][reading.state]
        text = f"{states[int(rng.random() * len(states))]}{name} ({amount})"
    elif style == "of":
        text = f"{name} of {amount}"
    else:
        text = f"{name} {amount}"
    return Wording("", text, gender, True)


def dosed(dose: Dose, language: str, *, short: bool, rng: random.Random) -> Wording:
    """A drug with dose, route, frequency and duration, in one of the orders in use."""
    name = dose.name[language == "de"].text
    parts = [_amount(dose, language), *_manner(dose, language, short=short, rng=rng)]
    if language == "en" and not short and dose.route in ADJECTIVES and rng.random() < 0.4:
        name, parts[1] = f"{ADJECTIVES[dose.route]} {name}", ""
    if dose.duration:
        parts.append(_for(dose.duration, language, short=short))
    details = [part for part in parts if part]
    style = rng.random()
    text = " ".join([name, *details])
    if details and not short and style < 0.2 and dose.stopped is None:
        text = f"{name} ({', '.join(details)})"
    elif language == "en" and parts[0] and not short and style < 0.3:
        text = " ".join([f"{parts[0]} of {name}", *[part for part in parts[1:] if part]])
    if dose.stopped is not None:
        text += f" ({dosing()['stopped'][dose.stopped][language]})"
    return Wording("", text, mass=True)


@cache
def endings(drug: Medication) -> tuple[int, ...]:
    """How the drug may have ended, as indices into the list of dosing.yaml; none for a single dose or a few days."""
    days = drug.duration is not None and drug.duration.unit not in LONG
    if days or drug.frequency in IRREGULAR:
        return ()
    return tuple(
        index
        for index, ending in enumerate(dosing()["stopped"])
        if drug.route in ending.get("routes", [drug.route]) and re.search(ending.get("drugs", ""), drug.name.en)
    )


def _amount(dose: Dose, language: str) -> str:
    if not dose.amount:
        return ""
    first, *per = dose.drug.unit.split("/")
    once = dosing()["units_once"].get(first) if dose.amount == "1" else None
    if language == "de":
        first, *per = (dosing()["units_de"].get(part, part) for part in (first, *per))
    unit = "/".join([once[language == "de"] if once else first, *per])
    decimals = len(dose.amount.partition(".")[2])
    return f"{figure(float(dose.amount), decimals, language)} {unit}"


def _manner(dose: Dose, language: str, *, short: bool, rng: random.Random) -> list[str]:
    key = f"{language}_short" if short else language
    manner = []
    for table, name in (("routes", dose.route), ("frequencies", dose.frequency)):
        words = dosing()[table][name][key] if name else [""]
        manner.append(words[int(rng.random() * len(words))])
    return manner


def _for(duration: tuple[int, str], language: str, *, short: bool) -> str:
    if short:
        return (
            f"x {short_length(duration, language)}" if language == "en" else f"für {short_length(duration, language)}"
        )
    return f"for {length(duration, 'en')}" if language == "en" else f"für {length(duration, 'de', case='acc')}"

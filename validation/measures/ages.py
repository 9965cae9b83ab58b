"""Ages in English and German words, read as whole years."""

from __future__ import annotations

import re

from validation.measures.number_words import number_words


def _words() -> dict[str, int]:
    """Every number from 0 to 99 in words, English and German, hyphens as blanks."""
    words = {"eine": 1, "einen": 1, "eines": 1, "a": 1, "an": 1, "hundred": 100}
    for language in ("en", "de"):
        words |= {word.replace("-", " "): value for word, value in number_words(language).cardinals.items()}
    return words


EN_TENS, DE_TENS = (number_words(language).tens for language in ("en", "de"))
WORDS = _words()
NUMBER = rf"(?P<number>\d+(?:[.,]\d+)?|{'|'.join(sorted(map(re.escape, WORDS), key=len, reverse=True))})"
#: Years in each unit; English and German endings are left to the pattern.
UNITS = {
    "year": (r"years?|yrs?|y\.? ?/?o\.?|y|jahren?|jahres|jahre?|j|jährig\w*|jaehrig\w*", 1.0),
    "month": (r"months?|mos?|mths?|monat\w*|mon", 1 / 12),
    "week": (r"weeks?|wks?|woche\w*|wöchig\w*", 7 / 365.25),
    "day": (r"days?|tage?n?|tägig\w*", 1 / 365.25),
    "hour": (r"hours?|hrs?|stunden?", 1 / 8766),
}
QUANTITY = {unit: re.compile(rf"(?<![\w.,]){NUMBER} ?(?:{pattern})(?!\w)") for unit, (pattern, _) in UNITS.items()}
EN_DECADES = {word.removesuffix("y") + "ies": value for word, value in EN_TENS.items()}
DECADE = re.compile(
    rf"(?<!\w)(?:(?P<tens>[1-9]0)(?:'?s|er)|(?P<en>{'|'.join(EN_DECADES)})|(?P<de>{'|'.join(DE_TENS)})(?:er|ern)?)(?!\w)"
)
#: "Mitte vierzig", "Anfang 50": the decade's midpoint, as the scheme says.
GERMAN_DECADE = re.compile(rf"(?:anfang|mitte|ende)(?: der)? (?P<tens>[1-9]0|{'|'.join(DE_TENS)})(?!\w)")
UNDER_ONE = re.compile(r"\b(?:new ?born|neonate|neonatal|infant|säugling|neugeboren\w*)\b")
HYPHEN = re.compile(r"[-\u2010-\u2015]")
BARE = re.compile(rf"(?<![\w.,]){NUMBER}(?![\w.,]\d)(?!\w)")


def parse_age(wording: str) -> int | None:
    """Whole years: under one year is 0, a decade is its midpoint; None when no age can be read."""
    text = " ".join(HYPHEN.sub(" ", wording.lower().replace("dreissig", "dreißig")).split())
    years = [
        _value(found["number"]) * UNITS[unit][1]
        for unit, pattern in QUANTITY.items()
        for found in pattern.finditer(text)
    ]
    if years:
        return int(sum(years) + 1e-6)
    for pattern in (GERMAN_DECADE, DECADE):
        if found := pattern.search(text):
            return _decade(next(value for value in found.groups() if value)) + 5
    if UNDER_ONE.search(text):
        return 0
    bare = BARE.search(text)
    return int(_value(bare["number"])) if bare else None


def _value(number: str) -> float:
    return float(WORDS[number]) if number in WORDS else float(number.replace(",", "."))


def _decade(word: str) -> int:
    return int(word) if word.isdigit() else EN_DECADES.get(word) or DE_TENS[word]

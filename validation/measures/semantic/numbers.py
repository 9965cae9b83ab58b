"""The numbers of a text, in figures or in words: what tells two patients with one disease apart."""

from __future__ import annotations

import re
from functools import cache

FIGURES = re.compile(r"\d+(?:[.,]\d+)*")
#: A word with its hyphens: fifty-six, forty-year-old.
WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

UNITS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
}
TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
}
#: Whole numbers up to here count lines, days and doses in any text, and tell nobody apart.
COMMON = 12


def numbers(text: str, language: str) -> frozenset[str]:
    """The telling numbers of a text, each once, with a point before decimals: decimals, and what is above 12.

    Words count too, up to 99 in English and German.
    """
    known = _in_words(language)
    found = {written.replace(",", ".") for written in FIGURES.findall(text)}
    for word in WORDS.findall(text.casefold() if known else ""):
        parts = word.split("-")
        number = known.get("-".join(parts[:2])) or known.get(parts[0])
        if number:
            found.add(number)
    return frozenset(one for one in found if "." in one or int(one) > COMMON)


def agreement(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of the numbers of either side that both have; 1 where neither has any."""
    union = one | other
    return len(one & other) / len(union) if union else 1.0


@cache
def _in_words(language: str) -> dict[str, str]:
    """Number words in one case, with the figures that they stand for."""
    if language not in UNITS:
        return {}
    units, tens = UNITS[language].split(), TENS[language].split()
    known = {word: str(value) for value, word in enumerate(units)}
    for ten, word in enumerate(tens, 2):
        known[word] = str(10 * ten)
        for unit in range(1, 10):
            joined = f"{word}-{units[unit]}" if language == "en" else f"{units[unit]}und{word}"
            known[joined] = str(10 * ten + unit)
    return {word.casefold(): value for word, value in known.items()}

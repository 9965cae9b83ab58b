"""The numbers of a text, in figures or in words: what distinguishes two patients with one disease."""

from __future__ import annotations

import re
from functools import cache

from curation.text.numbers import FIGURES, number_words

WRITTEN = re.compile(FIGURES)
#: A word with its hyphens: fifty-six, forty-year-old.
WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

#: Whole numbers up to here count lines, days and doses in any text, and distinguish no patients.
COMMON = 12


def numbers(text: str, language: str) -> frozenset[str]:
    """The distinctive numbers of a text, each once, with a point before decimals: decimals, and what is above 12.

    Words count too, up to 99 in English and German.
    """
    number_words = _in_words(language)
    found = {written.replace(",", ".") for written in WRITTEN.findall(text)}
    for word in WORDS.findall(text.casefold() if number_words else ""):
        parts = word.split("-")
        number = number_words.get("-".join(parts[:2])) or number_words.get(parts[0])
        if number:
            found.add(number)
    return frozenset(number for number in found if "." in number or int(number) > COMMON)


def agreement(left: frozenset[str], right: frozenset[str]) -> float:
    """The share of the numbers of either side that both have; 1 where neither has any."""
    union = left | right
    return len(left & right) / len(union) if union else 1.0


@cache
def _in_words(language: str) -> dict[str, str]:
    """Number words in one case, with the figures that they stand for."""
    return {word.casefold(): str(value) for word, value in number_words(language).cardinals.items()}

"""The numbers of a text, in figures or in words: what tells two patients with one disease apart."""

from __future__ import annotations

import re
from functools import cache

from curation.text.numbers import FIGURES, number_words

WRITTEN = re.compile(FIGURES)
#: A word with its hyphens: fifty-six, forty-year-old.
WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

#: Whole numbers up to here count lines, days and doses in any text, and tell nobody apart.
COMMON = 12


def numbers(text: str, language: str) -> frozenset[str]:
    """The telling numbers of a text, each once, with a point before decimals: decimals, and what is above 12.

    Words count too, up to 99 in English and German.
    """
    known = _in_words(language)
    found = {written.replace(",", ".") for written in WRITTEN.findall(text)}
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
    return {word.casefold(): str(value) for word, value in number_words(language).cardinals.items()}

"""Lead-ins of a quote ("she presented with"), which the boundary rules leave out; words in lead_ins.yaml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from curation.yaml_file import read_yaml

WORDS = Path(__file__).with_name("lead_ins.yaml")
#: For records in a language that has no words of its own.
OTHERWISE = "en"


def without_lead_in(quote: str, language: str) -> str:
    """The quote from where its information begins; itself where nothing else would be left."""
    found = _pattern(language).match(quote)
    return quote[found.end() :] if found and quote[found.end() :].strip(" .,;:") else quote


@lru_cache(maxsize=8)
def _pattern(language: str) -> re.Pattern[str]:
    words = read_yaml(WORDS)
    own = words.get(language, words[OTHERWISE])
    before = "".join(rf"(?:{_any(own[part])}\s+)?" for part in ("subjects", "adverbs"))
    return re.compile(rf"{before}{_any(own['phrases'])}:?\s+(?:{_any(own['articles'])}\s+)?", re.IGNORECASE)


def _any(phrases: Sequence[str]) -> str:
    """Any of the phrases, with any white space between their words, the longest first."""
    longest = sorted(phrases, key=len, reverse=True)
    return "(?:" + "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in longest) + ")"

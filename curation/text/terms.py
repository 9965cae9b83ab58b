"""Lists of terms as people write them, and patterns for them."""

from __future__ import annotations

import re
from collections.abc import Iterable


def listed(words: str) -> tuple[str, ...]:
    """The terms of a list with commas."""
    return tuple(term for part in words.split(",") if (term := part.strip()))


def any_of(terms: Iterable[str]) -> str:
    """A pattern for any of the terms, the longest first; an asterisk stands for any letters."""
    ordered = sorted(terms, key=len, reverse=True)
    return "|".join(re.escape(term).replace(r"\*", r"\w*") for term in ordered)

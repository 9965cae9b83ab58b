"""Words without their spelling variants, so that a lexicon needs each of them once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

FOLDS: Mapping[str, Sequence[tuple[re.Pattern[str], str]]] = {
    "en": tuple(
        (re.compile(find), put)
        for find, put in (
            ("ae|oe", "e"),
            ("ours?$", "or"),
            ("(?<=[a-z]{2})ies$", "y"),
            ("(?<=s|x|z)es$|(?<=[sc]h)es$", ""),
            ("(?<=[a-z]{2}[^suiao])s$", ""),
        )
    ),
    "de": tuple(
        (re.compile(find), put)
        for find, put in (
            ("ä", "ae"),
            ("ö", "oe"),
            ("ü", "ue"),
            ("ß", "ss"),
            ("(?<=[a-z]{4})(?:en|em|er|es|e|n|s)$", ""),
        )
    ),
}


@lru_cache(maxsize=100_000)
def base_form(form: str, language: str) -> str:
    """A word without case, inflection and spelling variants (haemoglobin, hemoglobins; Ödeme, Oedem)."""
    folded = form.lower()
    for find, put in FOLDS.get(language, ()):
        folded = find.sub(put, folded)
    return folded

"""Telephone numbers in any grouping that a number of the country may have, by Google's libphonenumber."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind

#: The countries whose numbers without a code texts of a language have.
REGIONS: Mapping[str, Sequence[str]] = {"de": ("DE", "AT", "CH"), "en": ("GB",)}
#: What may be a number: a nought or a code first, groups between blanks, strokes and dashes; no date and no decimal.
CANDIDATE = re.compile(
    r"(?<![\w.,/+-])(?:\+[1-9]|\(?0(?!0?[.,]))(?!\d?[./]\d{1,2}(?:\.|[ ]?[–-]))[\d ()/.–-]{6,23}\d(?![\w%]|[.,]\d)"
)
#: Fewer figures are no number with its area.
LEAST = 7
SCORE = 0.7


def find_telephones(text: str, language: str) -> Iterator[Identifier]:
    """Numbers that exist by the plans of the countries in which the language is spoken."""
    for match in CANDIDATE.finditer(text):
        wording = match.group()
        if sum(map(str.isdigit, wording)) >= LEAST and _is_number(wording, REGIONS[language]):
            yield Identifier(*match.span(), IdentifierKind.PHONE, SCORE)


@lru_cache(maxsize=4096)
def _is_number(wording: str, regions: Sequence[str]) -> bool:
    import phonenumbers

    for region in regions:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(wording, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False

"""Numbers by which marks of a translation are linked to those of its original."""

from __future__ import annotations

import re

from curation.record import PROJECTION, Layer

#: The words for the digits of a number, highest first, in the ids of regions that are linked to the original by it:
#: the style of the page shows the number by them.
DIGITS = ("hundreds", "tens", "ones")
LINK = re.compile(r"(?:(?:hundreds\d)?tens\d)?ones\d-")


def link_numbers(layer: Layer) -> dict[str, int]:
    """The number of each entity that was carried over from the original, by its id."""
    carried = layer.provenance.get(PROJECTION)
    there = carried if isinstance(carried, dict) else {}
    return {id: number for number, id in enumerate((each.id for each in layer.entities if each.id in there), 1)}


def linked(number: int) -> str:
    """What the id of a region begins with that has the number; nothing beyond three digits."""
    digits = str(number)
    if len(digits) > len(DIGITS):
        return ""
    return "".join(f"{name}{digit}" for name, digit in zip(DIGITS[-len(digits) :], digits, strict=True)) + "-"


def without_link(region: str) -> str:
    """The id of a region without the number."""
    link = LINK.match(region)
    return region[link.end() :] if link else region

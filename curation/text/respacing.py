"""A folded text without the blanks and hyphens that writers set at will: 5 mg and 5mg, X-ray and X ray, broken lines.

Only between a number and its unit, around signs of comparison and division, between letters with a hyphen, and where a
line was broken within a word; a blank between two words stays, and so does all that stands between two digits.
"""

from __future__ import annotations

import re
from functools import lru_cache

from curation.text.folding import Folded, fold

#: Blanks and hyphens between two characters that are neither.
SEPARATOR = re.compile(r"(?<=[^ -])[ -]+(?=[^ -])")
#: Signs around which blanks say nothing.
LOOSE = frozenset("/<>=≤≥±%°+")


@lru_cache(maxsize=256)
def respaced(text: str, hyphen: str) -> Folded:
    """The folded text respaced; each of its characters leads back to the text. hyphen: what stands for one between
    letters: nothing, or a blank.
    """
    folded = fold(text)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for found in SEPARATOR.finditer(folded.text):
        start, end = found.span()
        joint = _joint(folded, text, start, end, hyphen)
        if joint == found[0]:
            continue
        pieces += [folded.text[at:start], joint]
        starts += [*folded.starts[at:start], *folded.starts[start : start + len(joint)]]
        ends += [*folded.ends[at:start], *[folded.ends[end - 1]] * len(joint)]
        at = end
    if not at:
        return folded
    return Folded("".join(pieces) + folded.text[at:], [*starts, *folded.starts[at:]], [*ends, *folded.ends[at:]])


def _joint(folded: Folded, text: str, start: int, end: int, hyphen: str) -> str:
    """What stands between two characters in place of blanks and hyphens."""
    between, left, right = folded.text[start:end], folded.text[start - 1], folded.text[end]
    if "-" not in between:
        number_and_unit = left.isdigit() and right.isalpha()
        return "" if number_and_unit or left in LOOSE or right in LOOSE else between
    broken = between == "- " and "\n" in text[folded.starts[end - 1] : folded.ends[end - 1]]
    if (between != "-" and not broken) or (left.isdigit() and right.isdigit()):
        return between
    if left.isdigit() and right.isalpha():
        return ""
    return hyphen if left.isalnum() and right.isalnum() else between

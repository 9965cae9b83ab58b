"""Krippendorff's alpha for unitising: whether people mark the same spans, and how far their borders are apart.

K. Krippendorff: On the reliability of unitizing contiguous data, Sociological Methodology 25 (1995), in the form of
Content Analysis, 2nd edition (2004), section 11.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations

from curation.scoring.bootstrap import Array
from curation.scoring.marks import Marks

#: Start and end, in characters, end-exclusive.
MarkedSpan = tuple[int, int]


def unitised_counts(marks: Sequence[Marks], length: int, categories: Sequence[str]) -> list[tuple[float, float]]:
    """For each category the observed and the expected disagreement of two or more over a text of so many characters.

    Both are Krippendorff's times the squared length, which makes them add up: a text of twice the length with
    twice the marks weighs twice as much.
    """
    return [
        disagreements([marked_spans(person_marks, category) for person_marks in marks], length)
        for category in categories
    ]


def disagreements(people: Sequence[Sequence[MarkedSpan]], length: int) -> tuple[float, float]:
    """Observed and expected disagreement about one category, times the squared length of the text."""
    if not any(people):
        return 0.0, 0.0
    return _observed(people), _expected(people, length)


def unitised(counts: Array) -> Array:
    """Alpha for unitising from the two disagreements in the last axis; nan where there are no marks."""
    import numpy as np

    expected = counts[..., 1]
    return np.where(expected > 0, 1 - counts[..., 0] / np.where(expected > 0, expected, 1), np.nan)


def marked_spans(marks: Mapping[tuple[str, str], Iterable[tuple[MarkedSpan, ...]]], category: str) -> list[MarkedSpan]:
    """The marked spans of a category, in order; overlapping marks of one person are joined."""
    found: list[MarkedSpan] = []
    for start, end in sorted(
        fragment for key, entities in marks.items() if key[0] == category for spans in entities for fragment in spans
    ):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def gaps(marked: Sequence[MarkedSpan], length: int) -> Iterator[MarkedSpan]:
    """The gaps between the marked spans."""
    at = 0
    for start, end in marked:
        if at < start:
            yield at, start
        at = end
    if at < length:
        yield at, length


def _observed(people: Sequence[Sequence[MarkedSpan]]) -> float:
    """The mean over pairs of people of the squared distances between what they mark."""
    total = 0
    for first, second in permutations(people, 2):
        for start, end in first:
            distances = [(start - s) ** 2 + (end - e) ** 2 for s, e in second if start < e and s < end]
            # An overlap is counted from both sides; a span in a gap of the other is counted once, so twice here.
            total += sum(distances) if distances else 2 * (end - start) ** 2
    return total / (len(people) * (len(people) - 1))


def _expected(people: Sequence[Sequence[MarkedSpan]], length: int) -> float:
    """The same for spans at random positions."""
    widths = [end - start for marked in people for start, end in marked]
    free = [end - start for marked in people for start, end in gaps(marked, length)]
    total = 0.0
    for width in widths:
        room = sum(gap - width + 1 for gap in free if gap >= width)
        total += (len(widths) - 1) / 3 * (2 * width**3 - 3 * width**2 + width) + width**2 * room
    positions = len(people) * length
    return 2 * length * total / (positions * (positions - 1) - sum(width * (width - 1) for width in widths))

"""Examples of errors: where they lie, and for the page, where it was asked for, the words around."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from curation.scoring.matching import Spans
from training.experiments.error_kinds import LayerError

#: Characters before and after what is marked.
AROUND = 60
TRUSTED, PREDICTED, BOTH = "trusted", "predicted", "both"


def excerpt(text: str, error: LayerError, *, around: int = AROUND) -> list[tuple[str, str]]:
    """The words around an error, each part with the side that marks it: trusted, predicted, both or neither.

    Of an error without a place in the text, nothing.
    """
    spans = (*error.trusted_spans, *error.predicted_spans)
    if not spans:
        return []
    start = max(0, min(start for start, _ in spans) - around)
    end = min(len(text), max(end for _, end in spans) + around)
    borders = sorted({start, end, *(border for span in spans for border in span)})
    parts: list[tuple[str, str]] = [("\u2026", "")] if start else []
    for left, right in pairwise(borders):
        parts.append((text[left:right], _side(error, left, right)))
    return [*parts, *([("\u2026", "")] if end < len(text) else [])]


def _side(error: LayerError, start: int, end: int) -> str:
    sides = [_covers(spans, start, end) for spans in (error.trusted_spans, error.predicted_spans)]
    return BOTH if all(sides) else TRUSTED if sides[0] else PREDICTED if sides[1] else ""


def _covers(spans: Spans, start: int, end: int) -> bool:
    return any(left <= start and end <= right for left, right in spans)


def places(spans: Spans) -> str:
    """Fragments as offsets: `10-15, 20-24`."""
    return ", ".join(_offsets(spans))


def _offsets(spans: Spans) -> Iterator[str]:
    return (f"{start}-{end}" for start, end in spans)

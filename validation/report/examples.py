"""Examples for a meeting: a few failed records of each expectation, with the failing spans highlighted.

The only part of the report that shows text; a setting leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from curation.record import Entity, Record
from validation.report.failure_locations import FailureLocations

#: Characters of text on each side of what failed.
AROUND = 120


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: failing, marked as another entity, or neither."""

    text: str
    category: str = ""
    blamed: bool = False


@dataclass(frozen=True, slots=True)
class FailureExample:
    """A failed record: an excerpt of its text, and the failing entities without a span in it."""

    record_id: str
    pieces: tuple[Piece, ...]
    absent: tuple[Piece, ...]


def examples(found: Iterable[FailureLocations], most: int) -> dict[str, list[FailureExample]]:
    """Up to so many examples of each expectation."""
    chosen: dict[str, list[FailureExample]] = {}
    if most == 0:
        return chosen
    for failure in found:
        for expectation, entities in failure.entities.items():
            shown = chosen.setdefault(expectation, [])
            if len(shown) < most:
                shown.append(_example(failure, entities))
    return chosen


def _example(found: FailureLocations, entities: Sequence[Entity]) -> FailureExample:
    length = len(found.record.text)
    placed = [entity for entity in entities if entity.spans and entity.end <= length]
    absent = [entity for entity in entities if not entity.spans or entity.end > length]
    unaffected = [entity for entity in (found.layer.entities if found.layer else ()) if entity.end <= length]
    return FailureExample(
        record_id=found.record.id,
        pieces=tuple(_pieces(found.record, placed, unaffected)),
        absent=tuple(Piece(entity.text, entity.category, blamed=True) for entity in absent),
    )


def _pieces(record: Record, entities: Sequence[Entity], unaffected: Sequence[Entity]) -> list[Piece]:
    """The text around the first failing entity, or its beginning, cut where the marks begin and end."""
    middle = entities[0].spans[0] if entities else (0, 0)
    low, high = _whole_words(record.text, middle[0] - AROUND, middle[1] + AROUND)
    # What failed comes first, and so is visible where others overlap it.
    marks = [(span, entity, True) for entity in entities for span in entity.spans]
    marks += [(span, entity, False) for entity in unaffected for span in entity.spans]
    marks = [mark for mark in marks if mark[0][0] < high and low < mark[0][1]]
    edges = {edge for span, *_ in marks for edge in span if low < edge < high}
    pieces = []
    for start, end in pairwise(sorted({low, high, *edges})):
        over = ((entity, is_blamed) for span, entity, is_blamed in marks if span[0] <= start and end <= span[1])
        entity, is_blamed = next(over, (None, False))
        pieces.append(Piece(record.text[start:end], entity.category if entity else "", blamed=is_blamed))
    return pieces


def _whole_words(text: str, low: int, high: int) -> tuple[int, int]:
    """The stretch, grown to blanks, and no further than the text."""
    low, high = max(0, low), min(len(text), high)
    while low > 0 and not text[low - 1].isspace() and high - low < 4 * AROUND:
        low -= 1
    while high < len(text) and not text[high].isspace() and high - low < 4 * AROUND:
        high += 1
    return low, high

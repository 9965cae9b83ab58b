"""What to suggest for a stretch of text that somebody has selected: a label, and where it begins and ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from annotation.review.backend.protocol import side_of
from annotation.review.controls import Side
from curation.record import Entity, Layer, Record

Json = dict[str, Any]

Span = tuple[int, int]


def selections(record: Record, selected: Sequence[Json], side: Side) -> list[tuple[Span, str | None]]:
    """The stretches of a side's text that were selected, with the labels they have; those outside are left out."""
    found = []
    for part in (one for one in selected if side_of(one) is side):
        start, end = part["value"]["start"], part["value"]["end"]
        labels = part["value"].get("labels")
        label = labels[0] if isinstance(labels, list) and labels and isinstance(labels[0], str) else None
        if 0 <= start < end <= len(record.text) and record.text[start:end].strip():
            found.append(((start, end), label))
    return found


def suggested(layer: Layer, span: Span, label: str | None = None) -> Entity | None:
    """The layer's entity that the selection means: of the same label if it has one, then with the most in common."""
    meeting = [entity for entity in layer.entities if _common(entity, span)]
    return max(meeting, key=lambda one: (one.category == label, _likeness(one, span)), default=None)


def labelled(record: Record, span: Span, alone: Layer) -> Entity | None:
    """The selection as an entity, with the label that the annotator gives most of its wording read by itself."""
    covered: Counter[str] = Counter()
    for entity in alone.entities:
        covered[entity.category] += sum(end - start for start, end in entity.spans)
    if not covered:
        return None
    category, _ = covered.most_common(1)[0]
    scores = [one.score for one in alone.entities if one.category == category and one.score is not None]
    return Entity.at(record.text, *trimmed(record.text, span), category, id="S1", score=min(scores, default=None))


def trimmed(text: str, span: Span) -> Span:
    """The stretch without white space at its ends."""
    start, end = span
    wording = text[start:end]
    return start + len(wording) - len(wording.lstrip()), end - len(wording) + len(wording.rstrip())


def _common(entity: Entity, span: Span) -> int:
    return sum(max(0, min(end, span[1]) - max(start, span[0])) for start, end in entity.spans)


def _likeness(entity: Entity, span: Span) -> float:
    """Characters in both, as a share of those in either (Jaccard)."""
    both = _common(entity, span)
    width = sum(end - start for start, end in entity.spans)
    return both / (width + span[1] - span[0] - both)

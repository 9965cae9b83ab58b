"""What to suggest for a stretch of text that somebody has selected: a label, and where it begins and ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.label_studio.backend.protocol import side_of
from annotation.label_studio.editor.controls import Side
from curation.record import Entity, Layer, Record

Json = dict[str, Any]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Selection:
    """A stretch of a text that somebody has marked, its label and the mark's id, and where the label is besides."""

    span: Span
    label: str | None = None
    id: str | None = None
    others: frozenset[Span] = frozenset()


def selection(record: Record, selected: Sequence[Json], side: Side) -> Selection | None:
    """The mark that somebody has just made in a side's text; None where there is none, or it lies outside.

    The editor sends all marks of the label, the newest last. A mark with a score came from an annotator, or was
    moved by one before: it stays where people leave it.
    """
    newest = selected[-1] if selected else None
    if newest is None or side_of(newest) is not side or newest.get("score") is not None:
        return None
    (start, end), labels, id = _span(newest), newest["value"].get("labels"), newest.get("id")
    if not 0 <= start < end <= len(record.text) or not record.text[start:end].strip():
        return None
    label = labels[0] if isinstance(labels, list) and labels and isinstance(labels[0], str) else None
    others = {_span(one) for one in selected[:-1] if side_of(one) is side}
    return Selection((start, end), label, id if isinstance(id, str) and id else None, frozenset(others))


def replied(selection: Selection, entity: Entity) -> Entity | None:
    """What the editor is to show for a selection; None where that is marked already.

    With the person's own label the mark itself gets the entity's borders: it has the mark's id. Another label is
    offered as a mark beside it, since nobody's label is changed over their head.
    """
    if entity.category != selection.label or selection.id is None:
        return entity.model_copy(update={"id": f"S{entity.start}-{entity.end}-{entity.category}"})
    if {selection.span, *selection.others}.intersection(entity.spans):
        return None
    return entity.model_copy(update={"id": selection.id})


def _span(part: Json) -> Span:
    return part["value"]["start"], part["value"]["end"]


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

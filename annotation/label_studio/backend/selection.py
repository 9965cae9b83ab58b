"""The suggestion for a selected span: a label, and corrected borders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from annotation.label_studio.backend.protocol import side_of
from annotation.label_studio.editor.controls import EditorSide
from curation.record import Entity, Layer, Record

Json = dict[str, Any]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Selection:
    """A span that an annotator has just marked, its label and region id, and the other spans of the label."""

    span: Span
    label: str | None = None
    id: str | None = None
    other_spans: frozenset[Span] = frozenset()


def selection(record: Record, selected: Sequence[Json], side: EditorSide) -> Selection | None:
    """The region just marked in a side's text; None where there is none, or it lies outside of the text.

    The editor sends all regions of the label, the newest last. A region with a score was made or moved by an
    annotator before, and is not moved again.
    """
    newest = selected[-1] if selected else None
    if newest is None or side_of(newest) is not side or newest.get("score") is not None:
        return None
    (start, end), labels, id = _span(newest), newest["value"].get("labels"), newest.get("id")
    if not 0 <= start < end <= len(record.text) or not record.text[start:end].strip():
        return None
    label = labels[0] if isinstance(labels, list) and labels and isinstance(labels[0], str) else None
    other_spans = {_span(region) for region in selected[:-1] if side_of(region) is side}
    return Selection((start, end), label, id if isinstance(id, str) and id else None, frozenset(other_spans))


def editor_reply(selection: Selection, entity: Entity) -> Entity | None:
    """The entity to show for a selection; None where its span is marked already.

    With the annotator's own label the region itself gets the entity's borders: the entity has the region's id. An
    entity of another label becomes a second region, because a label that a person chose is not changed.
    """
    if entity.category != selection.label or selection.id is None:
        return entity.model_copy(update={"id": f"S{entity.start}-{entity.end}-{entity.category}"})
    if {selection.span, *selection.other_spans}.intersection(entity.spans):
        return None
    return entity.model_copy(update={"id": selection.id})


def _span(part: Json) -> Span:
    return part["value"]["start"], part["value"]["end"]


def best_entity(layer: Layer, span: Span, label: str | None = None) -> Entity | None:
    """The layer's entity that overlaps most with the selection, those of the same label first."""
    meeting = [entity for entity in layer.entities if _common(entity, span)]
    return max(meeting, key=lambda entity: (entity.category == label, _jaccard(entity, span)), default=None)


def labelled_selection(record: Record, span: Span, alone: Layer) -> Entity | None:
    """The selection as an entity, with the label that the annotator gives most characters of its wording alone."""
    covered: Counter[str] = Counter()
    for entity in alone.entities:
        covered[entity.category] += sum(end - start for start, end in entity.spans)
    if not covered:
        return None
    category, _ = covered.most_common(1)[0]
    scores = [entity.score for entity in alone.entities if entity.category == category and entity.score is not None]
    return Entity.at(record.text, *trimmed_span(record.text, span), category, id="S1", score=min(scores, default=None))


def trimmed_span(text: str, span: Span) -> Span:
    """The span without white space at its ends."""
    start, end = span
    wording = text[start:end]
    return start + len(wording) - len(wording.lstrip()), end - len(wording) + len(wording.rstrip())


def _common(entity: Entity, span: Span) -> int:
    return sum(max(0, min(end, span[1]) - max(start, span[0])) for start, end in entity.spans)


def _jaccard(entity: Entity, span: Span) -> float:
    """Characters in both, as a share of those in either."""
    both = _common(entity, span)
    width = sum(end - start for start, end in entity.spans)
    return both / (width + span[1] - span[0] - both)

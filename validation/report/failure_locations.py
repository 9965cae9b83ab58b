"""The entities and spans of the text that a decision failed for, from the columns beside its failures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from curation.batches import batched
from curation.decision import Decision
from curation.record import Entity, Layer, Record
from curation.store import Store
from curation.store.engine import CHUNK
from validation.layers import checked_layer, preferred_layers
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.table import COLUMNS
from validation.quarantine import failures_of
from validation.settings import ValidationSettings

#: How a span with its kind is written.
SPAN = re.compile(r"(?P<start>\d+)-(?P<end>\d+)(?::(?P<kind>\w+))?")
#: A failure of the text, not of an entity.
NO_CATEGORY = ""


@dataclass(frozen=True, slots=True)
class FailureLocations:
    """A failed record, and by expectation the entities that it failed for, none where the text itself failed."""

    record: Record
    layer: Layer | None
    entities: Mapping[str, tuple[Entity, ...]]


def failure_locations(
    store: Store, failed: Iterable[Decision], settings: ValidationSettings
) -> Iterator[FailureLocations]:
    """Each failed record that is still there, streamed, in the order of the decisions."""
    reads = preferred_layers(store.layer_authors(), settings)
    for decisions in batched(failed, CHUNK):
        ids = [decision.record_id for decision in decisions]
        items = {item.record.id: item for item in store.items(reads, ids=ids)}
        for decision in decisions:
            if decision.record_id in items:
                item = items[decision.record_id]
                layer = checked_layer(item, reads)
                yield FailureLocations(item.record, layer, _entities(decision, item.record, layer))


def first_failed(failed: Iterable[Decision], most: int) -> Iterator[Decision]:
    """Enough decisions for so many failed records of each expectation: the others need not be read."""
    counts: Counter[str] = Counter()
    for decision in failed:
        names = {str(failure["expectation"]) for failure in failures_of(decision) if isinstance(failure, dict)}
        if any(counts[name] < most for name in names):
            counts.update(names)
            yield decision


def by_category(found: Iterable[FailureLocations]) -> dict[str, Counter[str]]:
    """By expectation, how many failing entities are in each category; records under "" where the text itself failed."""
    counts: dict[str, Counter[str]] = {}
    for failure in found:
        for expectation, entities in failure.entities.items():
            categories = [entity.category for entity in entities] or [NO_CATEGORY]
            counts.setdefault(expectation, Counter()).update(categories)
    return counts


def _entities(decision: Decision, record: Record, layer: Layer | None) -> dict[str, tuple[Entity, ...]]:
    by_id = {entity.id: entity for entity in layer.entities} if layer else {}
    failures = [failure for failure in failures_of(decision) if isinstance(failure, dict)]
    return {
        str(failure["expectation"]): (
            *(by_id[id] for id in _ids(failure.get("beside")) if id in by_id),
            *_spans(failure.get("beside"), record.text),
        )
        for failure in failures
    }


def _ids(beside: JsonValue) -> list[str]:
    several = [str(id) for _, ids in _columns(beside, Holds.ENTITY_IDS) if isinstance(ids, list) for id in ids]
    return several + [str(id) for _, id in _columns(beside, Holds.ENTITY_ID) if id is not None]


def _spans(beside: JsonValue, text: str) -> Iterator[Entity]:
    """What failed in the text and is no entity, as an entity of its kind, or of the column's."""
    for column, spans in _columns(beside, Holds.SPANS):
        for span in spans if isinstance(spans, list) else ():
            start, end, kind = _span(span)
            if 0 <= start < end <= len(text):
                yield Entity.at(text, start, end, kind or column.kind, id=f"{column}-{start}")


def _span(span: JsonValue) -> tuple[int, int, str]:
    """Start, end and kind of "12-17:NAME" or of [12, 17]; nothing of anything else."""
    if isinstance(span, list) and len(span) == 2 and all(type(offset) is int for offset in span):
        return int(str(span[0])), int(str(span[1])), ""
    found = SPAN.fullmatch(str(span))
    return (int(found["start"]), int(found["end"]), found["kind"] or "") if found else (-1, -1, "")


def _columns(beside: JsonValue, holds: Holds) -> Iterator[tuple[MeasureColumn, JsonValue]]:
    """The columns of a type with their values; what an older version measured has none."""
    for name, value in beside.items() if isinstance(beside, dict) else ():
        column = COLUMNS.get(name)
        if column is not None and column.holds is holds:
            yield column, value

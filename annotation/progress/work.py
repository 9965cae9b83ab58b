"""The work of people: each save of each annotation, with its day and the seconds it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum

from annotation.adjudication.consensus import Method, method_of
from curation.author import is_repeat, own_name
from curation.store.records import LayerSave


class WorkKind(StrEnum):
    """The kind of work on a record."""

    REVIEW = "review"
    REPEAT = "repeat"
    ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class WorkSession:
    """The work until one save of an annotation; ``seconds`` since the save before, None where they are not known."""

    person: str
    kind: WorkKind
    record_id: str
    day: date
    seconds: float | None
    entities: int
    is_first: bool


def work_sessions(saves: Iterable[LayerSave], *, gold: str, zone: tzinfo | None = None) -> Iterator[WorkSession]:
    """All work sessions by record, the oldest first; days are those of the time zone, by default this machine's.

    saves: by record, of each the oldest first. Label Studio counts the seconds of an annotation from its first opening
    on, over all its saves.
    """
    before: dict[tuple[str, WorkKind, object], float] = {}
    record_id = ""
    for layer in saves:
        if layer.record_id != record_id:
            record_id, before = layer.record_id, {}
        for kind, person in _work_of(layer, gold):
            key = (person, kind, layer.provenance.get("annotation"))
            lead = layer.provenance.get("lead_time")
            total = float(lead) if isinstance(lead, int | float) else None
            yield WorkSession(
                person=person,
                kind=kind,
                record_id=layer.record_id,
                day=layer.created.astimezone(zone).date(),
                seconds=_session_seconds(total, before.get(key)),
                entities=layer.entities,
                is_first=key not in before,
            )
            before[key] = total or 0.0


def _work_of(layer: LayerSave, gold: str) -> Iterable[tuple[WorkKind, str]]:
    """The kind of work and the person; empty for a gold layer that no person made."""
    if layer.name == gold:
        found = layer.provenance.get("adjudicator")
        if method_of(layer) is Method.ADJUDICATED and isinstance(found, str):
            return [(WorkKind.ADJUDICATION, own_name(found))]
        return []
    return [(WorkKind.REPEAT if is_repeat(layer.name) else WorkKind.REVIEW, own_name(layer.name))]


def _session_seconds(total: float | None, before: float | None) -> float | None:
    """The seconds of this session alone; a total that is lower than before started again at 0."""
    if total is None or before is None or total < before:
        return total
    return total - before

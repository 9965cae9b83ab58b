"""The work that people did: every saving of every answer, with its day and the seconds it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import StrEnum

from annotation.adjudication.consensus import Method, method_of
from annotation.agreement.study import HUMAN, REPEAT
from curation.record import Layer
from curation.store import Store


class Kind(StrEnum):
    """What somebody did with a record."""

    REVIEW = "review"
    REPEAT = "repeat"
    ADJUDICATION = "adjudication"


@dataclass(frozen=True, slots=True)
class Sitting:
    """One saving of one answer; ``seconds`` are those since the saving before, or None where nobody counted."""

    person: str
    kind: Kind
    record_id: str
    day: date
    seconds: float | None
    entities: int
    is_first: bool


def sittings(store: Store, *, gold: str, zone: tzinfo | None = None) -> Iterator[Sitting]:
    """Every sitting, record by record, the oldest first; days are those of the time zone, by default this machine's.

    Label Studio counts the seconds that an answer took from its first opening on, over all its savings.
    """
    names = [name for name in store.layer_names() if name.startswith((HUMAN, REPEAT)) or name == gold]
    before: dict[tuple[str, Kind, object], float] = {}
    record_id = ""
    for layer in store.layer_versions(names):
        if layer.record_id != record_id:
            record_id, before = layer.record_id, {}
        for kind, person in _done_by(layer, gold):
            key = (person, kind, layer.provenance.get("annotation"))
            lead = layer.provenance.get("lead_time")
            total = float(lead) if isinstance(lead, int | float) else None
            yield Sitting(
                person=person,
                kind=kind,
                record_id=layer.record_id,
                day=layer.created.astimezone(zone).date(),
                seconds=_since(total, before.get(key)),
                entities=len(layer.entities),
                is_first=key not in before,
            )
            before[key] = total or 0.0


def _done_by(layer: Layer, gold: str) -> Iterable[tuple[Kind, str]]:
    """What was done and by whom; nothing for a gold layer that no person made."""
    if layer.name == gold:
        found = layer.provenance.get("adjudicator")
        if method_of(layer) is Method.ADJUDICATED and isinstance(found, str):
            return [(Kind.ADJUDICATION, found.removeprefix(HUMAN))]
        return []
    prefix, kind = (REPEAT, Kind.REPEAT) if layer.name.startswith(REPEAT) else (HUMAN, Kind.REVIEW)
    return [(kind, layer.name.removeprefix(prefix))]


def _since(total: float | None, before: float | None) -> float | None:
    """The seconds of this sitting alone; a count that went back began anew."""
    if total is None or before is None or total < before:
        return total
    return total - before

"""What is sent to Label Studio about a record, and which records may be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.review.prediction import prediction
from annotation.review.settings import ReviewSettings
from curation.batches import batched
from curation.decision import Verdict
from curation.errors import ContradictionError
from curation.record import Record, check_layer, digest
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store

#: Records that have failed already are nobody's work.
KEPT_BACK = (Verdict.QUARANTINED, Verdict.REJECTED)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A record with its predictions, checked and ready to leave."""

    record_id: str
    task: dict[str, Any]
    versions: tuple[str, ...]
    digest: str

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """The predictions, best first."""
        made: list[dict[str, Any]] = self.task["predictions"]
        return made


@dataclass(frozen=True, slots=True)
class NotSent:
    """A record that is not sent, and why."""

    record_id: str
    reason: str


def parcels(
    store: Store, scheme: Scheme, settings: ReviewSettings, *, ids: Iterable[str] | None = None
) -> Iterator[Parcel | NotSent]:
    """What to send for each record that validation and people have not turned away; with ids, in their order."""
    wanted = None if ids is None else list(ids)
    away = {id for id, decision in store.decisions(wanted).items() if decision.verdict in KEPT_BACK}
    items = store.items(settings.layers) if wanted is None else _in_order(store, settings, wanted)
    for item in items:
        if item.record.id not in away:
            yield parcel(item, scheme, settings)


def _in_order(store: Store, settings: ReviewSettings, ids: Sequence[str]) -> Iterator[Item]:
    """The records of the ids as they are named, each once: people see tasks in the order in which they are made."""
    for batch in batched(dict.fromkeys(ids), settings.batch_size):
        found = {item.record.id: item for item in store.items(settings.layers, ids=batch)}
        yield from (found[id] for id in batch if id in found)


def parcel(item: Item, scheme: Scheme, settings: ReviewSettings) -> Parcel | NotSent:
    """One record's parcel; every offset is checked here, since Label Studio checks none."""
    record = item.record
    if not record.text.strip():
        return NotSent(record.id, "expected a text to annotate, got an empty one")
    layers = [item.layers[name] for name in settings.layers if name in item.layers][: settings.shown]
    try:
        made = [prediction(record, check_layer(record, layer, categories=scheme.by_name), scheme) for layer in layers]
    except ContradictionError as error:
        return NotSent(record.id, str(error))
    return Parcel(
        record_id=record.id,
        task={"data": task_data(record), "predictions": made},
        versions=tuple(one["model_version"] for one in made),
        digest=digest(made),
    )


def task_data(record: Record) -> dict[str, str]:
    """The data of a record's task: its text, and the id by which its answers find the way home."""
    return {"text": record.text, "record_id": record.id, "language": record.language}

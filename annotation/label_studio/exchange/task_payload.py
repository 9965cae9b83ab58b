"""What is sent to Label Studio about a record, and which records may be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.label_studio.exchange.prediction import prediction
from annotation.label_studio.exchange.repeats import task_key
from annotation.label_studio.settings import LabelStudioSettings, Variant
from curation.batches import batched
from curation.decision import Decision, Verdict
from curation.egress.outgoing import Outgoing
from curation.errors import ContradictionError
from curation.record import Layer, Record, check_layer, digest
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store

#: Records that have failed already are nobody's work.
KEPT_BACK = (Verdict.QUARANTINED, Verdict.REJECTED)

#: How heavy a character and the frame of a region are at most, in UTF-8.
MOST_BYTES_A_CHARACTER = 4
A_REGION = 400

#: What a task's data says beside texts.
KEYS = frozenset({"record_id", "language", "original_id", "original_language"})

NOT_VALIDATED = "expected a record that validation has judged, got one that waits for it"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record that people are to see: how many of them, and whether as a hidden repeat, the first, second ..."""

    record_id: str
    annotators: int = 1
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    """A record with its predictions, checked and ready to leave."""

    record_id: str
    task: dict[str, Any]
    versions: tuple[str, ...]
    digest: str
    annotators: int = 1
    repeat: int = 0
    #: The records whose texts the task shows.
    records: tuple[Record, ...] = ()

    @property
    def key(self) -> str:
        """What the task calls its record."""
        return task_key(self.record_id, self.repeat)

    @property
    def weight(self) -> int:
        """About as many bytes as it has at most: nobody writes it twice to know."""
        regions = [part for one in self.predictions for part in one["result"]]
        marked = sum(len(part.get("value", {}).get("text", "")) for part in regions)
        return MOST_BYTES_A_CHARACTER * (sum(map(len, self.task["data"].values())) + marked) + A_REGION * len(regions)

    @property
    def outgoing(self) -> Outgoing:
        """All words of the task: its texts, and what predictions say that does not stand in them."""
        texts = [text for name, text in self.task["data"].items() if name not in KEYS]
        beside = (word for word in dict.fromkeys(_words(self.predictions)) if not any(word in text for text in texts))
        return Outgoing((*texts, *beside), self.records)

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

    @property
    def waits(self) -> bool:
        """Whether there is nothing wrong with it: validation has just not come to it yet."""
        return self.reason == NOT_VALIDATED


def parcels(
    store: Store,
    scheme: Scheme,
    settings: LabelStudioSettings,
    *,
    wanted: Iterable[Wanted] | None = None,
    layers: Sequence[str] | None = None,
) -> Iterator[Parcel | NotSent]:
    """What to send for each record that validation and people have not turned away; if some are wanted, in their order.

    ``layers`` are all shown, side by side; without them, the first ones of the settings that a record has.
    """
    reads = settings.layers if layers is None else tuple(dict.fromkeys(layers))
    shown = settings.shown if layers is None else len(reads)
    asked = None if wanted is None else list({(one.record_id, one.repeat): one for one in wanted}.values())
    decisions = store.decisions(None if asked is None else [one.record_id for one in asked])
    for want, item, original in _beside(store, settings, reads, _items(store, settings, reads, asked)):
        decision = decisions.get(item.record.id)
        if decision is None and not settings.unvalidated:
            yield NotSent(item.record.id, NOT_VALIDATED)
        elif not _is_away(decision):
            best = [item.layers[name] for name in reads if name in item.layers][:shown]
            yield parcel(item.record, best, scheme, want, variant=settings.variant, original=original)


def parcel(
    record: Record,
    layers: Sequence[Layer],
    scheme: Scheme,
    wanted: Wanted,
    *,
    variant: Variant = Variant.SPANS,
    original: Item | None = None,
) -> Parcel | NotSent:
    """One record's parcel; every offset is checked here, since Label Studio checks none.

    ``original`` is what the record was translated from, where that is shown beside it.
    """
    if not record.text.strip():
        return NotSent(record.id, "expected a text to annotate, got an empty one")
    try:
        checked = [check_layer(record, layer, categories=scheme.by_name) for layer in layers]
        beside = [_same_of(original, layer.name, scheme) for layer in checked]
    except ContradictionError as error:
        return NotSent(record.id, str(error))
    shown = [
        prediction(record, layer, scheme, variant=variant, beside=other)
        for layer, other in zip(checked, beside, strict=True)
    ]
    made = _told_apart(shown, checked)
    return Parcel(
        record_id=record.id,
        task={"data": task_data(record, repeat=wanted.repeat) | original_data(variant, original), "predictions": made},
        versions=tuple(one["model_version"] for one in made),
        digest=digest(made),
        annotators=wanted.annotators,
        repeat=wanted.repeat,
        records=(record, *([original.record] if original else [])),
    )


def task_data(record: Record, *, repeat: int = 0) -> dict[str, str]:
    """The data of a record's task: its text, and the key by which its answers find the way home."""
    return {"text": record.text, "record_id": task_key(record.id, repeat), "language": record.language}


def original_data(variant: Variant, original: Item | None) -> dict[str, str]:
    """What a task says of the text that is shown beside the record's; empty where the record has no original."""
    if variant is not Variant.SIDE_BY_SIDE:
        return {}
    record = original.record if original else None
    return {
        "original": record.text if record else "",
        "original_id": record.id if record else "",
        "original_language": record.language if record else "",
    }


def _words(value: Any, *, said: bool = False) -> Iterator[str]:
    """The strings under the key "text", however deep."""
    if isinstance(value, str):
        yield from (value,) if said else ()
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _words(part, said=name == "text")
    elif isinstance(value, list):
        for part in value:
            yield from _words(part, said=said)


def _same_of(original: Item | None, name: str, scheme: Scheme) -> tuple[Record, Layer] | None:
    """The original with its layer of the same name, if it has one."""
    if original is None or name not in original.layers:
        return None
    return original.record, check_layer(original.record, original.layers[name], categories=scheme.by_name)


def _is_away(decision: Decision | None) -> bool:
    return decision is not None and decision.verdict in KEPT_BACK


def _items(
    store: Store, settings: LabelStudioSettings, reads: Sequence[str], wanted: Sequence[Wanted] | None
) -> Iterator[tuple[Wanted, Item]]:
    """The items as they are wanted: people see tasks in the order in which they are made."""
    if wanted is None:
        yield from ((Wanted(item.record.id), item) for item in store.items(reads))
        return
    for batch in batched(wanted, settings.batch_size):
        found: Mapping[str, Item] = {
            item.record.id: item for item in store.items(reads, ids={one.record_id for one in batch})
        }
        yield from ((one, found[one.record_id]) for one in batch if one.record_id in found)


def _beside(
    store: Store, settings: LabelStudioSettings, reads: Sequence[str], items: Iterable[tuple[Wanted, Item]]
) -> Iterator[tuple[Wanted, Item, Item | None]]:
    """Each item with its original, where the variant shows both; an original is then seen with its translation only."""
    if settings.variant is not Variant.SIDE_BY_SIDE:
        yield from ((want, item, None) for want, item in items)
        return
    translated = store.translated_ids()
    for batch in batched(items, settings.batch_size):
        wanted = {item.record.translation_of for _, item in batch if item.record.translation_of}
        originals = {item.record.id: item for item in store.items(reads, ids=sorted(wanted))}
        for want, item in batch:
            if item.record.id not in translated:
                yield want, item, originals.get(item.record.translation_of or "")


def _told_apart(made: list[dict[str, Any]], layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """The predictions, each with a model version of its own: one author may have made several of the layers."""
    seen: set[str] = set()
    for one, layer in zip(made, layers, strict=True):
        if one["model_version"] in seen:
            one["model_version"] = f"{layer.author} ({layer.name})"
        seen.add(one["model_version"])
    return made

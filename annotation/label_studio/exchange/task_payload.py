"""What is sent to Label Studio about a record, and which records may be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from annotation.label_studio.editor.controls import ORIGINAL_PAGE, TRANSLATION
from annotation.label_studio.editor.original_page import NO_PAGE, original_page
from annotation.label_studio.editor.task_summary import ASSERTED, CHECK, shown_text, task_summary
from annotation.label_studio.exchange.prediction import prediction
from annotation.label_studio.exchange.repeats import task_key
from annotation.label_studio.settings import LabelStudioSettings, Variant
from annotation.label_studio.shown_layers import shown_layers
from annotation.reviewable import Reviewable
from curation.batches import batched
from curation.decision import ANYWHERE, Decision
from curation.egress.outgoing import Outgoing
from curation.errors import ContradictionError
from curation.judge.judged import scored_by, with_judgements
from curation.record import Layer, Record, check_layer, digest
from curation.scheme import Scheme
from curation.scoring.calibration import Calibration, Calibrations
from curation.stage import Item
from curation.store import Store
from curation.translate.corrected import CorrectionNote, carried_from

#: Most bytes of a character in UTF-8, and of a region besides its text.
BYTES_A_CHARACTER = 4
BYTES_A_REGION = 400

#: How scores are read that no calibration was learned for.
AS_THEY_ARE = Calibration(kind="raw", learned_from=0)

#: What a task's data says beside texts; the wordings in the summary stand in the text.
KEYS = frozenset({"record_id", "language", "original_id", "original_language", CHECK, ASSERTED, ORIGINAL_PAGE})

TURNED_AWAY = "expected a record that is not turned away, got one that is rejected, quarantined or replaced"
REVIEWED = "expected a record that nobody has seen, got one whose text a reviewer has written; it came with the review"
NOT_VALIDATED = "expected a record that validation has judged, got one that waits for it"


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A record to send: for how many annotators, and as which hidden repeat (0 for none)."""

    record_id: str
    annotators: int = 1
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class TaskPayload:
    """The task of a record with its predictions, checked and ready to be sent."""

    record_id: str
    task: dict[str, Any]
    versions: tuple[str, ...]
    digest: str
    annotators: int = 1
    repeat: int = 0
    #: The records whose texts the task shows.
    records: tuple[Record, ...] = ()
    #: Whose scores its predictions show, and whether these are calibrated.
    scores: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key by which the task names its record."""
        return task_key(self.record_id, self.repeat)

    @property
    def most_bytes(self) -> int:
        """An upper bound of the task's bytes as JSON, without encoding it."""
        regions = [part for prediction in self.predictions for part in prediction["result"]]
        characters = sum(map(len, self.task["data"].values()))
        characters += sum(len(part.get("value", {}).get("text", "")) for part in regions)
        return BYTES_A_CHARACTER * characters + BYTES_A_REGION * len(regions)

    @property
    def outgoing(self) -> Outgoing:
        """All words of the task: its texts, and the words of predictions that do not stand in them."""
        texts = [text for name, text in self.task["data"].items() if name not in KEYS]
        if ORIGINAL_PAGE in self.task["data"]:
            # The page says what the original does, in pieces.
            texts += [record.text for record in self.records[1:]]
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
        """Whether the record only waits for validation."""
        return self.reason == NOT_VALIDATED

    @property
    def is_reviewed(self) -> bool:
        """Whether the record came with a review: a person has corrected its text."""
        return self.reason == REVIEWED

    @property
    def is_turned_away(self) -> bool:
        """Whether validation, a person or de-identification has turned the record away."""
        return self.reason == TURNED_AWAY


def task_payloads(
    store: Store,
    scheme: Scheme,
    settings: LabelStudioSettings,
    *,
    requests: Iterable[TaskRequest] | None = None,
    layers: Sequence[str] | None = None,
    calibrations: Calibrations | None = None,
) -> Iterator[TaskPayload | NotSent]:
    """The payload of each record, or why it is not sent; with requests, of these in their order.

    ``layers`` are all shown side by side; by default the first of `review.layers` that a record has are shown. A layer
    that was rejected is not shown. ``calibrations`` were learned from reviews: other scores are shown as they are.
    """
    reads = shown_layers(store, settings) if layers is None else tuple(dict.fromkeys(layers))
    shown = settings.shown if layers is None else len(reads)
    distinct = None if requests is None else _distinct(requests)
    ids = None if distinct is None else [request.record_id for request in distinct]
    reviewable = Reviewable.of(store, reads, ids=ids)
    items = _with_originals(store, settings, reads, _items(store, settings, reads, distinct))
    for request, item, original, decisions in _with_decisions(store, settings, items):
        if not reviewable.is_judged(item.record.id) and not settings.unvalidated:
            yield NotSent(item.record.id, NOT_VALIDATED)
        elif reviewable.is_away(item, reads):
            yield NotSent(item.record.id, TURNED_AWAY)
        elif requests is None and CorrectionNote.on(item.record):
            yield NotSent(item.record.id, REVIEWED)
        else:
            given = reviewable.pre_annotations(item, reads)[:shown]
            read = [(calibrations or {}).get(scored_by(layer), AS_THEY_ARE) for layer in given]
            best = [calibration.of_layer(layer) for calibration, layer in zip(read, given, strict=True)]
            scores = tuple(_scores_of(layer, calibration) for calibration, layer in zip(read, given, strict=True))
            first = best[0] if best else None
            about = [decision for decision in decisions if decision.layer in (None, first.name if first else None)]
            summary = task_summary(item.record, first, about, language=settings.language)
            made = task_payload(
                item.record,
                best,
                scheme,
                request,
                variant=settings.variant,
                original=original,
                summary=summary,
                language=settings.language,
            )
            yield made if isinstance(made, NotSent) else replace(made, scores=tuple(filter(None, scores)))


def task_payload(
    record: Record,
    layers: Sequence[Layer],
    scheme: Scheme,
    request: TaskRequest,
    *,
    variant: Variant = Variant.SPANS,
    original: Item | None = None,
    summary: Mapping[str, str] | None = None,
    language: str = "en",
) -> TaskPayload | NotSent:
    """The payload of one record. Every offset is checked here, because Label Studio checks none.

    ``original`` is the record that it was translated from, where that is shown beside it; ``summary`` what is read
    above it; ``language`` that of people.
    """
    if not record.text.strip():
        return NotSent(record.id, "expected a text to annotate, got an empty one")
    try:
        checked = [check_layer(record, layer, categories=scheme.by_name) for layer in layers]
        # To be marked too only where both can be; to be read, it is a part of the data.
        marked = original if variant is Variant.SIDE_BY_SIDE else None
        beside = [_original_layer(marked, layer.name, scheme) for layer in checked]
    except ContradictionError as error:
        return NotSent(record.id, str(error))
    shown = [
        prediction(record, layer, scheme, variant=variant, beside=other)
        for layer, other in zip(checked, beside, strict=True)
    ]
    made = _with_own_versions(shown, checked)
    read = dict(summary or {})
    if variant is Variant.TRANSLATION:
        read |= translation_data(record, original, checked[0] if checked else None, scheme, language=language)
    return TaskPayload(
        record_id=record.id,
        task={
            "data": task_data(record, repeat=request.repeat) | original_data(variant, original) | read,
            "predictions": made,
        },
        versions=tuple(prediction["model_version"] for prediction in made),
        digest=digest([made, read]),
        annotators=request.annotators,
        repeat=request.repeat,
        records=(record, *([original.record] if original else [])),
    )


def task_data(record: Record, *, repeat: int = 0) -> dict[str, str]:
    """The data of a record's task: its text, its language, and the key that leads from its answers to the record."""
    return {"text": shown_text(record.text), "record_id": task_key(record.id, repeat), "language": record.language}


def original_data(variant: Variant, original: Item | None) -> dict[str, str]:
    """The data of the original that is shown beside the record; empty strings where the record has none."""
    if variant is not Variant.SIDE_BY_SIDE:
        return {}
    record = original.record if original else None
    return {
        "original": shown_text(record.text) if record else "",
        "original_id": record.id if record else "",
        "original_language": record.language if record else "",
    }


def translation_data(
    record: Record, original: Item | None, layer: Layer | None, scheme: Scheme, *, language: str
) -> dict[str, str]:
    """The page of the original and the text to be corrected; the latter is empty where the record translates none."""
    if record.translation_of is None:
        return {ORIGINAL_PAGE: NO_PAGE, TRANSLATION: ""}
    layers = original.layers if original else {}
    marked = layers.get(layer.name) if layer else next(iter(layers.values()), None)
    page = original_page(original.record if original else None, marked, layer, scheme, language=language)
    return {ORIGINAL_PAGE: page, TRANSLATION: with_plain_line_ends(record.text)}


def with_plain_line_ends(text: str) -> str:
    """The text as a page's field holds it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _scores_of(layer: Layer, calibration: Calibration) -> str:
    """Whose scores people see, and how they are read; empty where a layer has none."""
    has_scores = any(entity.score is not None and entity.fragments for entity in layer.entities)
    return f"{scored_by(layer)}: {calibration.kind}" if has_scores else ""


def _words(value: Any, *, text: bool = False) -> Iterator[str]:
    """The strings under the key "text", however deep."""
    if isinstance(value, str):
        yield from (value,) if text else ()
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _words(part, text=name == "text")
    elif isinstance(value, list):
        for part in value:
            yield from _words(part, text=text)


def _original_layer(original: Item | None, name: str, scheme: Scheme) -> tuple[Record, Layer] | None:
    """The original with its layer of the same name, if it has one."""
    if original is None or name not in original.layers:
        return None
    return original.record, check_layer(original.record, original.layers[name], categories=scheme.by_name)


def _distinct(requests: Iterable[TaskRequest]) -> list[TaskRequest]:
    return list({(request.record_id, request.repeat): request for request in requests}.values())


def _items(
    store: Store, settings: LabelStudioSettings, reads: Sequence[str], requests: Sequence[TaskRequest] | None
) -> Iterator[tuple[TaskRequest, Item]]:
    """The requested items in the order of the requests: people see tasks in the order in which they are made."""
    if requests is None:
        items = with_judgements(store, store.items(reads), reads)
        yield from ((TaskRequest(item.record.id), item) for item in items)
        return
    for batch in batched(requests, settings.batch_size):
        found: Mapping[str, Item] = {
            item.record.id: item
            for item in with_judgements(store, store.items(reads, ids={request.record_id for request in batch}), reads)
        }
        yield from ((request, found[request.record_id]) for request in batch if request.record_id in found)


def _with_originals(
    store: Store, settings: LabelStudioSettings, reads: Sequence[str], items: Iterable[tuple[TaskRequest, Item]]
) -> Iterator[tuple[TaskRequest, Item, Item | None]]:
    """Each item with its original, where the variant shows both; one that can be marked there has no task of its own.

    An original to be read has its marks as they were when they were carried over.
    """
    if settings.variant not in (Variant.SIDE_BY_SIDE, Variant.TRANSLATION):
        yield from ((request, item, None) for request, item in items)
        return
    is_read = settings.variant is Variant.TRANSLATION
    marked = frozenset() if is_read else store.translated_ids()
    for batch in batched(items, settings.batch_size):
        ids = {item.record.translation_of for _, item in batch if item.record.translation_of}
        originals = {item.record.id: item for item in store.items(reads, ids=sorted(ids))}
        for request, item in batch:
            if item.record.id not in marked:
                original = originals.get(item.record.translation_of or "")
                yield request, item, _as_carried(store, original, item) if original and is_read else original


def _as_carried(store: Store, original: Item, item: Item) -> Item:
    """The original with the versions of its layers that the item's were carried over from, where they are known."""
    layers = dict(original.layers)
    for name, layer in item.layers.items():
        then = carried_from(layer)
        if name in layers and then is not None and layers[name].digest != then:
            history = store.layer_history(original.record.id)
            layers[name] = next((version for version in history if version.digest == then), layers[name])
    return Item(original.record, layers)


def _with_decisions(
    store: Store, settings: LabelStudioSettings, items: Iterable[tuple[TaskRequest, Item, Item | None]]
) -> Iterator[tuple[TaskRequest, Item, Item | None, list[Decision]]]:
    """Each item with the latest decisions on its text, its layers and the identifiers in it."""
    for batch in batched(items, settings.batch_size):
        found: dict[str, list[Decision]] = {}
        for decision in store.latest_decisions({item.record.id for _, item, _ in batch}):
            if decision.destination in (None, ANYWHERE):
                found.setdefault(decision.record_id, []).append(decision)
        yield from ((request, item, original, found.get(item.record.id, [])) for request, item, original in batch)


def _with_own_versions(predictions: list[dict[str, Any]], layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """The predictions, each with its own model version: one author may have made several of the layers."""
    seen: set[str] = set()
    for shown, layer in zip(predictions, layers, strict=True):
        if shown["model_version"] in seen:
            shown["model_version"] = f"{layer.author} ({layer.name})"
        seen.add(shown["model_version"])
    return predictions

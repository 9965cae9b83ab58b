"""Annotations from Label Studio as layers and decisions: each once, and no part that is invalid."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from annotation.label_studio.api.client import Client, Json, Project
from annotation.label_studio.api.errors import UnansweredError
from annotation.label_studio.editor.controls import MAIN, ORIGINAL, EditorSide
from annotation.label_studio.exchange.authorship import doubts
from annotation.label_studio.exchange.corrections import correct, take_back
from annotation.label_studio.exchange.doubted import held, hold
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.exchange.project import ensure_project
from annotation.label_studio.exchange.task_annotations import TIME, Annotation, annotations_of
from annotation.label_studio.exchange.verdicts import ANNOTATION, decide
from annotation.label_studio.settings import LabelStudioSettings
from annotation.label_studio.shown_layers import shown_layers
from curation.author import doubted, human, is_doubted, is_human, is_repeat, repeat
from curation.batches import batched
from curation.errors import ContradictionError, EgressBlockedError
from curation.record import Layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import ReviewEvent, Store
from curation.translate.corrected import WRITTEN
from curation.translate.standing import set_older_aside

#: Tasks that are read, checked and stored together.
BATCH = 500

#: Earlier than any task: a pull from here on sees all tasks, also those whose answers were deleted.
EPOCH = "1970-01-01T00:00:00.000000Z"

UNKNOWN_RECORD = "its record is not in the store"

#: What is kept of an annotation whose author is in doubt.
CLAIMS = ("completed_by", "updated_by", "created_at", "updated_at", "lead_time", "result")

#: Most characters and most reasons that are kept of a refused annotation.
LONGEST_CONTENT = 200_000
MOST_REASONS = 100


@dataclass(slots=True)
class Pulled:
    """Counts of a pull; refused are pairs of a task or annotation and a reason, deleted are tasks and annotations.

    In doubt are answers that are kept and count for nobody, since what the server says of their authors does not fit.
    Taken over are answers that another person than their author saved last: they are that person's. Overwritten are
    those of them whose author's own words were never pulled. Foreign is what is not ours in Label Studio.

    Corrected are texts of translations that became records; marks lost are those of the person whose words are not in
    the corrected text. Conflicts are pairs of a record and who corrected it otherwise: a person has to decide.
    """

    project: str
    layers: int = 0
    unchanged: int = 0
    skipped: int = 0
    decisions: int = 0
    taken_over: int = 0
    corrected: int = 0
    marks_lost: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    in_doubt: list[tuple[str, str]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    conflicts: list[tuple[str, str]] = field(default_factory=list)


def pull(store: Store, client: Client, scheme: Scheme, settings: LabelStudioSettings, *, full: bool = False) -> Pulled:
    """Store each annotation that is new or changed since the last pull as a layer `human:NAME` with exact offsets.

    The person is the one who saved it last: what Ben changes in Anna's answer is Ben's layer, and Anna's stays as it
    was pulled. A verdict becomes a decision by the same person on that layer, a rejection also one on the text. Our
    layers are never removed: an annotation deleted in Label Studio is reported, and a decision that rests on it
    becomes `needs_review`. A second pull adds nothing. ``full`` reads everything again from one snapshot. Refused and
    deleted annotations are kept as events of the review, and reported once.
    """
    project = ensure_project(client, scheme, settings)
    people = [name for name in store.layer_names() if is_human(name) or is_repeat(name)]
    return collect(store, client, scheme, settings, project, names=people, full=full)


def collect(
    store: Store,
    client: Client,
    scheme: Scheme,
    settings: LabelStudioSettings,
    project: Project,
    *,
    names: Sequence[str],
    keep: Callable[[Item, Layer], Layer] = lambda item, layer: layer,
    full: bool = False,
) -> Pulled:
    """`pull` from any project: ``keep`` turns a person's layer into the one that is stored.

    ``names`` are the layers of earlier answers. ``keep`` raises ContradictionError to refuse a layer.
    """
    return _Pull(store, client, scheme, settings, project, names, keep).run(full=full)


class _Pull:
    """One pull from one project."""

    def __init__(
        self,
        store: Store,
        client: Client,
        scheme: Scheme,
        settings: LabelStudioSettings,
        project: Project,
        names: Sequence[str],
        keep: Callable[[Item, Layer], Layer],
    ) -> None:
        self._store = store
        self._client = client
        self._scheme = scheme
        self._settings = settings
        self._layers = shown_layers(store, settings)
        self._project = project
        self._users = client.users()
        self._steward = client.own_id()
        self._people = list(names)
        self._held = [name for name in store.layer_names() if is_doubted(name)]
        self._keep_as = keep
        self._ledger = Ledger(store, project.key)
        self._events: list[ReviewEvent] = []
        self._began: str | None = None
        self._done = Pulled(project=project.key)

    def run(self, *, full: bool) -> Pulled:
        """Read from shortly before the start of the last pull, and note the start of this one."""
        # Noted before reading: what is saved meanwhile is read by the next pull as well.
        self._began = self._last_update()
        broken: list[int] = []
        for batch in batched(self._tasks(broken, full=full), BATCH):
            self._batch(batch)
        self._batch(list(self._partial_tasks(broken)))
        if self._done.corrected:
            # Tasks may be older than the translations of another model: what a person has written stands alone.
            for language in self._store.count_records():
                set_older_aside(self._store, language)
        if full or self._project.tasks < self._expected_tasks():
            self._note_lost()
        if self._began is not None:
            self._store.set_review_cursor(self._project.key, self._began)
        return self._done

    def _tasks(self, broken: list[int], *, full: bool) -> Iterable[Json]:
        """The tasks that may have changed; ids of tasks that the server cannot show are added to `broken`."""
        until = self._store.review_cursor(self._project.key)
        if full and (found := self._client.snapshot(self._project.id)) is not None:
            return found
        since = EPOCH if full else None if until is None else _earlier(until, self._settings.overlap)
        return self._client.annotated_since(self._project.id, since, broken=broken.append)

    def _last_update(self) -> str | None:
        try:
            return self._client.last_update(self._project.id)
        except UnansweredError:
            # The server cannot show its newest task: the next pull looks back as far as this one.
            return None

    def _partial_tasks(self, broken: Iterable[int]) -> Iterator[Json]:
        """The readable parts of tasks that the server cannot show as a whole; each other annotation is refused."""
        for id in broken:
            task, hidden = self._client.partial_task(self._project.id, id)
            if task is not None:
                yield {**task, "hidden": hidden}
            unreadable: list[int | None] = [*hidden] if task else [None]
            for annotation in unreadable:
                self._refuse(id, annotation, ("expected Label Studio to show it, but it cannot",))

    def _batch(self, tasks: Sequence[Json]) -> None:
        by_record: dict[str, list[Json]] = {}
        for task in tasks:
            by_record.setdefault(self._ledger.record(_record_key(task)), []).append(task)
        fresh: list[Annotation] = []
        for item in self._store.items([*self._layers, *self._people, *self._held], ids=list(by_record)):
            for task in by_record.pop(item.record.id):
                fresh += self._fresh(task, item)
                self._note_deleted(
                    task["id"], item, {annotation["id"] for annotation in task["annotations"]} | _hidden(task)
                )
        fresh += self._of_originals(tasks)
        for task in (task for tasks in by_record.values() for task in tasks):
            for found in task["annotations"]:
                self._refuse(task["id"], found["id"], (UNKNOWN_RECORD,), content=found.get("result"))
        for annotation in sorted(fresh, key=lambda annotation: (annotation.updated, annotation.id)):
            self._hold(annotation) if annotation.doubts else self._keep(annotation)
        self._note_events()

    def _of_originals(self, tasks: Iterable[Json]) -> Iterator[Annotation]:
        """The annotations of originals that are shown beside translations."""
        by_original: dict[str, list[Json]] = {}
        for task in tasks:
            if original := task["data"].get("original_id"):
                by_original.setdefault(str(original), []).append(task)
        for item in self._store.items([*self._layers, *self._people, *self._held], ids=list(by_original)):
            for task in by_original[item.record.id]:
                yield from (
                    annotation for annotation in self._fresh(task, item, side=ORIGINAL) if not annotation.was_cancelled
                )

    def _fresh(self, task: Json, item: Item, *, side: EditorSide = MAIN) -> list[Annotation]:
        """A task's annotations, without those that the store has as new or newer from the same person."""
        named = repeat if self._ledger.repeat(_record_key(task)) else human
        read = annotations_of(
            task, item, self._scheme, self._users, self._layers, project=self._project.key, named=named, side=side
        )
        found = [self._named(annotation, item) for annotation in read]
        fresh = [
            self._questioned(annotation, item)
            for annotation in found
            if not self._is_stored(annotation, item) and not self._is_held(annotation, item)
        ]
        self._done.unchanged += len(found) - len(fresh)
        return fresh

    def _questioned(self, annotation: Annotation, item: Item) -> Annotation:
        """The annotation with what does not fit in its authorship; its layer then counts for nobody."""
        if annotation.layer is None:
            return annotation
        found = doubts(
            annotation.found,
            self._client.annotation_history(annotation.id),
            self._users,
            steward=self._steward,
            earlier=self._earlier_author(annotation, item),
        )
        if not found:
            return annotation
        return replace(annotation, layer=held(annotation.layer, annotation.id, found), doubts=found)

    def _earlier_author(self, annotation: Annotation, item: Item) -> str | None:
        """Who was the author of an annotation when it was first pulled."""
        source = {ANNOTATION: annotation.id, "project": self._project.key}
        stored = (layer for layer in item.layers.values() if source.items() <= layer.provenance.items())
        made = (layer.provenance.get("made_by") for layer in stored if not is_doubted(layer.name))
        return next((name for name in made if isinstance(name, str)), None)

    def _is_held(self, annotation: Annotation, item: Item) -> bool:
        """Whether the store has the annotation as it is, held because its author is in doubt."""
        layer = item.layers.get(doubted(str(annotation.id)))
        if layer is None or annotation.layer is None:
            return False
        source = {"project": self._project.key, "updated": annotation.updated}
        return source.items() <= layer.provenance.items()

    def _named(self, annotation: Annotation, item: Item) -> Annotation:
        if annotation.layer is None or annotation.was_cancelled:
            return annotation
        try:
            return replace(annotation, layer=self._keep_as(item, annotation.layer))
        except ContradictionError as error:
            return replace(annotation, layer=None, refused=(*annotation.refused, str(error)))

    def _is_stored(self, annotation: Annotation, item: Item) -> bool:
        if annotation.layer is None or annotation.was_cancelled:
            return False
        own = item.layers.get(annotation.taken_from or "")
        if own is not None and _says_the_same(own, annotation):
            # Another person saved it without a change: it is the author's word still.
            return True
        stored = item.layers.get(annotation.layer.name)
        return (
            stored is not None
            and stored.provenance.get("project") == self._project.key
            and stored.created >= annotation.layer.created
        )

    def _keep(self, annotation: Annotation) -> None:
        refused = annotation.refused
        if annotation.was_cancelled:
            self._done.skipped += 1
        elif annotation.layer is not None:
            try:
                # Before the layer: after a kill the next pull sees the answer as new, and does both.
                refused = (*refused, *self._correct(annotation.layer))
                added = self._store.add_layers([annotation.layer], categories=self._scheme.by_name)
            except ContradictionError as error:
                refused = (*refused, str(error))
            else:
                self._done.layers += added
                self._done.unchanged += 1 - added
                self._note_taken(annotation, annotation.layer)
                self._done.decisions += decide(self._store, annotation.layer)
        if refused:
            self._refuse(annotation.task, annotation.id, refused, content=annotation.found.get("result"))

    def _correct(self, layer: Layer) -> tuple[str, ...]:
        """Store the text of a translation that the person has corrected; why it was refused."""
        try:
            done = correct(self._store, layer)
        except (ContradictionError, EgressBlockedError) as error:
            # All else of the answer is kept.
            return (str(error),)
        self._done.corrected += done.made
        self._done.marks_lost += done.lost
        if done.conflict:
            self._done.conflicts.append((layer.record_id, done.conflict))
        return (done.refused,) if done.refused else ()

    def _hold(self, annotation: Annotation) -> None:
        """Keep an answer whose author is in doubt, where it counts for nobody."""
        refused = annotation.refused
        if annotation.layer is not None and not annotation.was_cancelled:
            try:
                hold(self._store, annotation.layer, categories=self._scheme.by_name)
            except ContradictionError as error:
                refused = (*refused, str(error))
        self._events.append(
            ReviewEvent(
                project=self._project.key,
                kind="in_doubt",
                task_id=annotation.task,
                annotation_id=annotation.id,
                record_id=annotation.layer.record_id if annotation.layer else None,
                reasons=(*annotation.doubts, *refused)[:MOST_REASONS],
                content=_as_ascii_json({name: annotation.found.get(name) for name in CLAIMS}),
            )
        )

    def _note_taken(self, annotation: Annotation, layer: Layer) -> None:
        """Count an answer that another person saved last; where nothing of it was pulled before, name it."""
        if annotation.taken_from is None or not (is_human(layer.name) or is_repeat(layer.name)):
            return
        self._done.taken_over += 1
        source = {ANNOTATION: annotation.id, "project": self._project.key}
        earlier = (past for past in self._store.layer_history(layer.record_id) if past.created < layer.created)
        if not any(source.items() <= past.provenance.items() for past in earlier):
            self._done.overwritten.append(
                f"annotation {annotation.id} of {annotation.taken_from} was changed by {layer.author} before it was "
                f"pulled: what {annotation.taken_from} had said is not known"
            )

    def _refuse(self, task: int, annotation: int | None, reasons: tuple[str, ...], *, content: object = None) -> None:
        self._events.append(
            ReviewEvent(
                project=self._project.key,
                kind="refused",
                task_id=task,
                annotation_id=annotation,
                reasons=reasons[:MOST_REASONS],
                content=_as_ascii_json(content),
            )
        )

    def _note_events(self) -> None:
        """Store refused and deleted annotations as events; only events that are new are reported."""
        for event in self._store.add_review_events(self._events):
            source = f"task {event.task_id}" if event.annotation_id is None else f"annotation {event.annotation_id}"
            if event.kind == "refused":
                self._done.refused += [(source, reason) for reason in event.reasons]
            elif event.kind == "in_doubt":
                self._done.in_doubt.append((f"{source} of task {event.task_id}", "; ".join(event.reasons)))
            else:
                self._done.deleted.append(
                    source if event.annotation_id is None else f"{source} of task {event.task_id}"
                )
        self._events.clear()

    def _note_deleted(self, task: int, item: Item, remaining: Collection[int]) -> None:
        """Note those of our layers whose annotations are not in the task as it was when the pull began."""
        for layer, annotation in self._answers(item, task):
            if annotation not in remaining and self._is_older(layer):
                self._delete(task, item.record.id, annotation)
                self._done.decisions += take_back(self._store, item.record.id, annotation)

    def _answers(self, item: Item, task: int) -> Iterator[tuple[Layer, int]]:
        """Our layers of a record that came from a task, with the ids of their annotations."""
        for layer in (item.layers[name] for name in self._people if name in item.layers):
            source = layer.provenance
            annotation = source.get("annotation")
            if (source.get("project"), source.get("task")) == (self._project.key, task) and isinstance(annotation, int):
                yield layer, annotation

    def _is_older(self, layer: Layer) -> bool:
        # Another pull at the same time may have stored what was saved after this one began to read.
        return self._began is not None and layer.created <= datetime.fromisoformat(self._began)

    def _expected_tasks(self) -> int:
        """The number of tasks that there should be: the pushed ones, without those noted as deleted."""
        events = self._store.review_events(self._project.key, kind="deleted")
        return self._ledger.confirmed - len({event.task_id for event in events if event.annotation_id is None})

    def _note_lost(self) -> None:
        """Note tasks that were deleted, and tasks that have lost all their annotations."""
        answers = self._answer_counts()
        empty: dict[str, dict[int, bool]] = {}
        for key in self._ledger.sent:
            task, record_id = self._ledger.task(key), self._ledger.record(key)
            if task is not None and not answers.get(task):
                empty.setdefault(record_id, {})[task] = task in answers
                if task not in answers:
                    self._delete(task, record_id, None)
        for item in self._store.items(self._people, ids=list(empty)) if self._people else ():
            for task, exists in empty[item.record.id].items():
                if exists:
                    self._note_deleted(task, item, ())
                else:
                    for _, annotation in self._answers(item, task):
                        self._done.decisions += take_back(self._store, item.record.id, annotation)
        self._note_events()

    def _answer_counts(self) -> dict[int, int]:
        """The number of answers of each task; a task that the server cannot show counts as answered."""
        broken: list[int] = []
        counts = {
            task["id"]: int(task.get("total_annotations") or 0) + int(task.get("cancelled_annotations") or 0)
            for task in self._client.tasks(self._project.id, [], full=False, broken=broken.append)
        }
        return counts | dict.fromkeys(broken, 1)

    def _delete(self, task: int, record_id: str, annotation: int | None) -> None:
        self._events.append(
            ReviewEvent(
                project=self._project.key,
                kind="deleted",
                task_id=task,
                annotation_id=annotation,
                record_id=record_id,
            )
        )


def _says_the_same(own: Layer, annotation: Annotation) -> bool:
    """Whether an annotation says what its author's layer from it says, in marks, verdict and text."""
    assert annotation.layer is not None
    source, now = own.provenance, annotation.layer.provenance
    return (source.get(ANNOTATION), source.get("verdict"), source.get(WRITTEN), own.digest) == (
        annotation.id,
        annotation.verdict,
        now.get(WRITTEN),
        annotation.layer.digest,
    )


def _record_key(task: Json) -> str:
    """The key by which a task names its record; empty where it cannot be one."""
    data = task.get("data")
    key = data.get("record_id") if isinstance(data, dict) else None
    return key if isinstance(key, str) and key.isprintable() else ""


def _hidden(task: Json) -> set[int]:
    """The ids of annotations that exist although the server cannot show them."""
    return set(task.get("hidden", ()))


def _as_ascii_json(content: object) -> str | None:
    """The refused content as JSON in ASCII, cut at `LONGEST_CONTENT`; None for what cannot be JSON."""
    try:
        return None if content is None else json.dumps(content)[:LONGEST_CONTENT]
    except (ValueError, RecursionError):
        return None


def _earlier(time: str, seconds: float) -> str:
    return (datetime.fromisoformat(time).astimezone(UTC) - timedelta(seconds=seconds)).strftime(TIME)

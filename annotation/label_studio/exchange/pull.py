"""Annotations from Label Studio as layers and decisions: every one, once, and nothing that does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from annotation.label_studio.api.client import Client, Json, Project
from annotation.label_studio.api.errors import UnansweredError
from annotation.label_studio.editor.controls import MAIN, ORIGINAL, Side
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.exchange.project import ensure_project
from annotation.label_studio.exchange.task_annotations import HUMAN, REPEAT, TIME, Annotation, annotations_of
from annotation.label_studio.settings import LabelStudioSettings
from curation.batches import batched
from curation.decision import Decision, Verdict
from curation.errors import ContradictionError
from curation.record import Layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import ReviewEvent, Store

#: Tasks that are read, checked and stored together.
BATCH = 500

#: Before Label Studio was: a pull from here on sees every task, also those whose answers were deleted.
EVER = "1970-01-01T00:00:00.000000Z"

WITHDRAWN = "annotation deleted in Label Studio"

STRANGE = "its record is not in the store"

#: Of what was refused, so many characters and so many reasons are kept.
LONGEST_CONTENT = 200_000
MOST_REASONS = 100


@dataclass(slots=True)
class Pulled:
    """What a pull brought; refused are pairs of a place and a reason, deleted are places."""

    project: str
    layers: int = 0
    unchanged: int = 0
    skipped: int = 0
    decisions: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


def pull(store: Store, client: Client, scheme: Scheme, settings: LabelStudioSettings, *, full: bool = False) -> Pulled:
    """Every annotation that is new or changed since the last pull is a layer `human:NAME` with exact offsets.

    A verdict is a decision by the same person. Our copies are never removed: an annotation deleted in Label
    Studio is reported, and a decision that rested on it becomes `needs_review`. Pulling twice adds nothing.
    ``full`` reads everything again from one snapshot. What is refused or deleted is kept as an event of the
    review, and reported once.
    """
    project = ensure_project(client, scheme, settings)
    people = [name for name in store.layer_names() if name.startswith((HUMAN, REPEAT))]
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
    """`pull` from any project: ``keep`` makes of a person's layer the one that is kept.

    ``names`` are the layers that earlier answers became. ``keep`` may raise ContradictionError to refuse.
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
        self._project = project
        self._users = client.users()
        self._people = list(names)
        self._keep_as = keep
        self._ledger = Ledger(store, project.key)
        self._events: list[ReviewEvent] = []
        self._began: str | None = None
        self._done = Pulled(project=project.key)

    def run(self, *, full: bool) -> Pulled:
        """Read from a little before where the last pull ended, and note where this one began."""
        # Noted before reading: what is saved meanwhile belongs to the next pull as well.
        self._began = self._last_update()
        broken: list[int] = []
        for batch in batched(self._tasks(broken, full=full), BATCH):
            self._batch(batch)
        self._batch(list(self._around(broken)))
        if full or self._project.tasks < self._known_tasks():
            self._note_lost()
        if self._began is not None:
            self._store.set_review_cursor(self._project.key, self._began)
        return self._done

    def _tasks(self, broken: list[int], *, full: bool) -> Iterable[Json]:
        """The tasks that may hold news; those that the server cannot show go to `broken`."""
        until = self._store.review_cursor(self._project.key)
        if full and (found := self._client.snapshot(self._project.id)) is not None:
            return found
        since = EVER if full else None if until is None else _earlier(until, self._settings.overlap)
        return self._client.annotated_since(self._project.id, since, broken=broken.append)

    def _last_update(self) -> str | None:
        try:
            return self._client.last_update(self._project.id)
        except UnansweredError:
            # The newest task is one that the server cannot show: the next pull looks back as far as this one.
            return None

    def _around(self, broken: Iterable[int]) -> Iterator[Json]:
        """What can be read of tasks that the server cannot show as a whole; the rest is refused by name."""
        for id in broken:
            task, hidden = self._client.around(self._project.id, id)
            if task is not None:
                yield {**task, "hidden": hidden}
            unseen: list[int | None] = [*hidden] if task else [None]
            for annotation in unseen:
                self._refuse(id, annotation, ("expected Label Studio to show it, but it cannot",))

    def _batch(self, tasks: Sequence[Json]) -> None:
        by_record: dict[str, list[Json]] = {}
        for task in tasks:
            by_record.setdefault(self._ledger.record(_key(task)), []).append(task)
        fresh: list[Annotation] = []
        for item in self._store.items([*self._settings.layers, *self._people], ids=list(by_record)):
            for task in by_record.pop(item.record.id):
                fresh += self._fresh(task, item)
                self._note_deleted(task["id"], item, {one["id"] for one in task["annotations"]} | _hidden(task))
        fresh += self._of_originals(tasks)
        for task in (task for tasks in by_record.values() for task in tasks):
            for found in task["annotations"]:
                self._refuse(task["id"], found["id"], (STRANGE,), content=found.get("result"))
        for one in sorted(fresh, key=lambda one: (one.updated, one.id)):
            self._keep(one)
        self._note_events()

    def _of_originals(self, tasks: Iterable[Json]) -> Iterator[Annotation]:
        """What was said of the originals that stand beside translations."""
        by_original: dict[str, list[Json]] = {}
        for task in tasks:
            if original := task["data"].get("original_id"):
                by_original.setdefault(str(original), []).append(task)
        for item in self._store.items([*self._settings.layers, *self._people], ids=list(by_original)):
            for task in by_original[item.record.id]:
                yield from (one for one in self._fresh(task, item, side=ORIGINAL) if not one.was_cancelled)

    def _fresh(self, task: Json, item: Item, *, side: Side = MAIN) -> list[Annotation]:
        """A task's annotations without those that the store has, or has newer ones of by the same person."""
        kind = REPEAT if self._ledger.repeat(_key(task)) else HUMAN
        said = annotations_of(
            task, item, self._scheme, self._users, self._settings, project=self._project.key, kind=kind, side=side
        )
        found = [self._named(one, item) for one in said]
        fresh = [one for one in found if not self._is_known(one, item)]
        self._done.unchanged += len(found) - len(fresh)
        return fresh

    def _named(self, one: Annotation, item: Item) -> Annotation:
        if one.layer is None or one.was_cancelled:
            return one
        try:
            return replace(one, layer=self._keep_as(item, one.layer))
        except ContradictionError as error:
            return replace(one, layer=None, refused=(*one.refused, str(error)))

    def _is_known(self, one: Annotation, item: Item) -> bool:
        if one.layer is None or one.was_cancelled:
            return False
        kept = item.layers.get(one.layer.name)
        return (
            kept is not None
            and kept.provenance.get("project") == self._project.key
            and kept.created >= one.layer.created
        )

    def _keep(self, one: Annotation) -> None:
        refused = one.refused
        if one.was_cancelled:
            self._done.skipped += 1
        elif one.layer is not None:
            try:
                added = self._store.add_layers([one.layer], categories=self._scheme.by_name)
            except ContradictionError as error:
                refused = (*refused, str(error))
            else:
                self._done.layers += added
                self._done.unchanged += 1 - added
                self._decide(one, one.layer)
        if refused:
            self._refuse(one.task, one.id, refused, content=one.result)

    def _refuse(self, task: int, annotation: int | None, reasons: tuple[str, ...], *, content: object = None) -> None:
        self._events.append(
            ReviewEvent(
                project=self._project.key,
                kind="refused",
                task_id=task,
                annotation_id=annotation,
                reasons=reasons[:MOST_REASONS],
                content=_plain(content),
            )
        )

    def _note_events(self) -> None:
        """Keep what was refused and deleted; only what was not kept before is reported."""
        for event in self._store.add_review_events(self._events):
            place = f"task {event.task_id}" if event.annotation_id is None else f"annotation {event.annotation_id}"
            if event.kind == "refused":
                self._done.refused += [(place, reason) for reason in event.reasons]
            else:
                self._done.deleted.append(place if event.annotation_id is None else f"{place} of task {event.task_id}")
        self._events.clear()

    def _decide(self, one: Annotation, layer: Layer) -> None:
        details = {"annotation": one.id, "updated": one.updated, "project": self._project.key}
        history = self._store.decision_history(layer.record_id)
        # What somebody thinks of a record when they see it again decides nothing: they may not even know it.
        if (
            one.verdict is None
            or layer.name.startswith(REPEAT)
            or any(details.items() <= past.details.items() for past in history)
        ):
            return
        decision = Decision(
            record_id=layer.record_id,
            verdict=Verdict.REJECTED if one.verdict == "reject" else Verdict.ACCEPTED,
            by=layer.author,
            reason=", ".join(one.reasons) or one.verdict,
            details={**details, "verdict": one.verdict},
            created=layer.created,
        )
        self._done.decisions += self._store.decide([decision])

    def _note_deleted(self, task: int, item: Item, left: Collection[int]) -> None:
        """Note those of our layers whose annotations a task, as it was when the pull began, has no more."""
        for layer, annotation in self._answers(item, task):
            if annotation not in left and self._is_older(layer):
                self._delete(task, item.record.id, annotation)
                self._withdraw(item.record.id, annotation)

    def _answers(self, item: Item, task: int) -> Iterator[tuple[Layer, int]]:
        """Our layers of a record that came from a task, with their annotations."""
        for layer in (item.layers[name] for name in self._people if name in item.layers):
            source = layer.provenance
            annotation = source.get("annotation")
            if (source.get("project"), source.get("task")) == (self._project.key, task) and isinstance(annotation, int):
                yield layer, annotation

    def _is_older(self, layer: Layer) -> bool:
        # Another pull at the same time may have brought what was saved after we looked.
        return self._began is not None and layer.created <= datetime.fromisoformat(self._began)

    def _known_tasks(self) -> int:
        """How many tasks there should be: those that were pushed, without those that are known to be gone."""
        events = self._store.review_events(self._project.key, kind="deleted")
        return self._ledger.confirmed - len({one.task_id for one in events if one.annotation_id is None})

    def _note_lost(self) -> None:
        """Note tasks that are gone, and those that have lost all their annotations."""
        answers = self._answer_counts()
        empty: dict[str, dict[int, bool]] = {}
        for key in self._ledger.sent:
            task, record_id = self._ledger.task(key), self._ledger.record(key)
            if task is not None and not answers.get(task):
                empty.setdefault(record_id, {})[task] = task in answers
                if task not in answers:
                    self._delete(task, record_id, None)
        for item in self._store.items(self._people, ids=list(empty)) if self._people else ():
            for task, is_there in empty[item.record.id].items():
                if is_there:
                    self._note_deleted(task, item, ())
                else:
                    for _, annotation in self._answers(item, task):
                        self._withdraw(item.record.id, annotation)
        self._note_events()

    def _answer_counts(self) -> dict[int, int]:
        """How many answers each task has; a task that cannot be shown counts as answered."""
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

    def _withdraw(self, record_id: str, annotation: object) -> None:
        """A decision that rests on an annotation which is no more is a question again."""
        latest = self._store.decisions([record_id]).get(record_id)
        if latest is None or latest.details.get("annotation") != annotation or latest.reason == WITHDRAWN:
            return
        again = {"verdict": Verdict.NEEDS_REVIEW, "reason": WITHDRAWN, "created": datetime.now(UTC)}
        self._done.decisions += self._store.decide([latest.model_copy(update=again)])


def _key(task: Json) -> str:
    """What a task calls its record; nothing where it is something that no record is called."""
    data = task.get("data")
    key = data.get("record_id") if isinstance(data, dict) else None
    return key if isinstance(key, str) and key.isprintable() else ""


def _hidden(task: Json) -> set[int]:
    """Annotations that are there, although the server cannot show them."""
    return set(task.get("hidden", ()))


def _plain(content: object) -> str | None:
    """What was refused, as JSON in ASCII, cut where it is somebody's joke; None for what is no JSON at all."""
    try:
        return None if content is None else json.dumps(content)[:LONGEST_CONTENT]
    except (ValueError, RecursionError):
        return None


def _earlier(time: str, seconds: float) -> str:
    return (datetime.fromisoformat(time).astimezone(UTC) - timedelta(seconds=seconds)).strftime(TIME)

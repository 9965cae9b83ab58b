"""Annotations from Label Studio as layers and decisions: every one, once, and nothing that does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from annotation.review.annotation import HUMAN, REPEAT, TIME, Annotation, annotations_of
from annotation.review.client import Client, Json, Project
from annotation.review.ledger import Ledger
from annotation.review.project import ensure_project
from annotation.review.settings import ReviewSettings
from curation.batches import batched
from curation.decision import Decision, Verdict
from curation.errors import ContradictionError
from curation.record import Layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.store import Store

#: Tasks that are read, checked and stored together.
BATCH = 500

#: Before Label Studio was: a pull from here on sees every task, also those whose answers were deleted.
EVER = "1970-01-01T00:00:00.000000Z"

WITHDRAWN = "annotation deleted in Label Studio"


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


def pull(store: Store, client: Client, scheme: Scheme, settings: ReviewSettings, *, full: bool = False) -> Pulled:
    """Every annotation that is new or changed since the last pull is a layer `human:NAME` with exact offsets.

    A verdict is a decision by the same person. Our copies are never removed: an annotation deleted in Label
    Studio is reported, and a decision that rested on it becomes `needs_review`. Pulling twice adds nothing.
    ``full`` reads everything again, and also finds tasks that were deleted.
    """
    project = ensure_project(client, scheme, settings)
    people = [name for name in store.layer_names() if name.startswith((HUMAN, REPEAT))]
    return collect(store, client, scheme, settings, project, names=people, full=full)


def collect(
    store: Store,
    client: Client,
    scheme: Scheme,
    settings: ReviewSettings,
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
        settings: ReviewSettings,
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
        self._done = Pulled(project=project.key)

    def run(self, *, full: bool) -> Pulled:
        """Read from a little before where the last pull ended, and note where this one began."""
        until = self._store.review_cursor(self._project.key)
        since = EVER if full else None if until is None else _earlier(until, self._settings.overlap)
        # Noted before reading: what is saved meanwhile belongs to the next pull as well.
        now = self._client.last_update(self._project.id)
        for batch in batched(self._client.annotated_since(self._project.id, since), BATCH):
            self._batch(batch)
        if full:
            self._note_lost_tasks()
        if now is not None:
            self._store.set_review_cursor(self._project.key, now)
        return self._done

    def _batch(self, tasks: Iterable[Json]) -> None:
        by_record: dict[str, list[Json]] = {}
        for task in tasks:
            by_record.setdefault(self._ledger.record(_key(task)), []).append(task)
        fresh: list[Annotation] = []
        for item in self._store.items([*self._settings.layers, *self._people], ids=list(by_record)):
            for task in by_record.pop(item.record.id):
                fresh += self._fresh(task, item)
                self._note_deleted(task, item)
        for task in (one for tasks in by_record.values() for one in tasks if one["annotations"]):
            self._done.refused.append((f"task {task['id']}", "its record is not in the store"))
        for one in sorted(fresh, key=lambda one: (one.updated, one.id)):
            self._keep(one)

    def _fresh(self, task: Json, item: Item) -> list[Annotation]:
        """A task's annotations without those that the store has, or has newer ones of by the same person."""
        kind = REPEAT if self._ledger.repeat(_key(task)) else HUMAN
        said = annotations_of(
            task, item, self._scheme, self._users, self._settings, project=self._project.key, kind=kind
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
        self._done.refused += [(f"annotation {one.id}", reason) for reason in one.refused]
        if one.was_cancelled:
            self._done.skipped += 1
        elif one.layer is not None:
            added = self._store.add_layers([one.layer], categories=self._scheme.by_name)
            self._done.layers += added
            self._done.unchanged += 1 - added
            self._decide(one, one.layer)

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

    def _note_deleted(self, task: Json, item: Item) -> None:
        left = {one.get("id") for one in task["annotations"]}
        for name in self._people:
            source = item.layers[name].provenance if name in item.layers else {}
            here = (source.get("project"), source.get("task")) == (self._project.key, task["id"])
            if here and source.get("annotation") not in left:
                self._done.deleted.append(f"annotation {source.get('annotation')} of task {task['id']}")
                self._withdraw(item.record.id, source.get("annotation"))

    def _note_lost_tasks(self) -> None:
        there = {task["id"] for task in self._client.tasks(self._project.id, [], full=False)}
        for key in self._ledger.sent:
            task, record_id = self._ledger.task(key), self._ledger.record(key)
            if task is not None and task not in there:
                self._done.deleted.append(f"task {task}")
                for name in self._people:
                    layer = self._store.layer(record_id, name)
                    if layer is not None and layer.provenance.get("task") == task:
                        self._withdraw(record_id, layer.provenance.get("annotation"))

    def _withdraw(self, record_id: str, annotation: object) -> None:
        """A decision that rests on an annotation which is no more is a question again."""
        latest = self._store.decisions([record_id]).get(record_id)
        if latest is None or latest.details.get("annotation") != annotation or latest.reason == WITHDRAWN:
            return
        again = {"verdict": Verdict.NEEDS_REVIEW, "reason": WITHDRAWN, "created": datetime.now(UTC)}
        self._done.decisions += self._store.decide([latest.model_copy(update=again)])


def _key(task: Json) -> str:
    """What a task calls its record."""
    return str(task["data"].get("record_id"))


def _earlier(time: str, seconds: float) -> str:
    return (datetime.fromisoformat(time).astimezone(UTC) - timedelta(seconds=seconds)).strftime(TIME)

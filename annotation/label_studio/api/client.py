"""The requests to Label Studio that we need."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from annotation.label_studio.api.connection import Connection, encoded
from annotation.label_studio.api.errors import AnswerError, RefusedError, UnansweredError
from curation.batches import batched
from curation.errors import ReviewError

Json = dict[str, Any]

#: The title of our live back end. A project whose model version is a back end's title shows what that one predicts.
BACKEND_TITLE = "Clincurate"

#: Ids in one filter: the filter travels in the address, whose length servers limit.
FILTER = 500

#: Rows in one page of a listing.
PAGE = 500

#: Entries in one page of a history.
HISTORY_PAGE = 1000

#: How often a server that fails for another reason than a task is asked again.
TRIES = 3

#: Larger than the id of any task.
MOST_TASKS = 2**40

#: Seconds between two checks of a snapshot that the server is making.
LOOK = 0.5


@dataclass(frozen=True, slots=True)
class Project:
    """A project in Label Studio; `key` stays the same when the server's address changes."""

    id: int
    title: str
    created: str
    tasks: int
    annotations: int
    annotated: int
    label_config: str
    model_version: str

    @property
    def key(self) -> str:
        """The project's name in the store's ledger: a project made anew has another one."""
        return f"{self.title} #{self.id} {self.created}"

    @classmethod
    def of(cls, found: Json) -> Project:
        """The project in an answer of Label Studio."""
        return cls(
            id=found["id"],
            title=found["title"],
            created=str(found["created_at"]),
            tasks=int(found.get("task_number") or 0),
            annotations=int(found.get("total_annotations_number") or 0),
            annotated=int(found.get("num_tasks_with_annotations") or 0),
            label_config=found.get("label_config") or "",
            model_version=found.get("model_version") or "",
        )


class Client(Connection):
    """The requests that we make of one Label Studio; a context manager."""

    def version(self) -> str:
        """The server's version."""
        return str(self.get("/api/version").get("release", ""))

    def may_call(self, url: str) -> bool:
        """Whether the server would call an address.

        The request is for a webhook without a project. The server never makes one, but checks the address first.
        """
        try:
            self.call("POST", "/api/webhooks/", body={"url": url, "is_active": False})
        except RefusedError as error:
            if error.status not in (403, 404):
                raise
            return error.status == 404
        return True

    def users(self) -> dict[int, str]:
        """The logins of all accounts by their ids."""
        found = self.get("/api/users")
        return {int(user["id"]): str(user["email"]) for user in found}

    def own_id(self) -> int | None:
        """The number of the account that asks; None where the server does not tell."""
        number = self.get("/api/current-user/whoami").get("id")
        return number if isinstance(number, int) else None

    def annotation_history(self, id: int) -> list[Json] | None:
        """The server's entries on who made and changed an annotation, oldest first; none where it keeps no history.

        None where the server cannot show them.
        """
        path, found, page = f"/api/fsm/entities/annotation/{id}/history", list[Json](), 0
        while True:
            page += 1
            try:
                answer = self.call("GET", path, ordering="id", page_size=HISTORY_PAGE, page=page)
            except RefusedError as error:
                if error.status not in (403, 404):
                    raise
                return found
            except UnansweredError as error:
                if error.status is None:
                    raise
                return None
            found += answer.get("results", ())
            if answer.get("next") is None:
                return found

    def projects(self) -> list[Json]:
        """All projects, each with all its settings and its owner."""
        found: list[Json] = []
        page, more = 1, True
        while more:
            answer = self.get("/api/projects", page_size=PAGE, page=page)
            found += answer["results"]
            page, more = page + 1, bool(answer.get("next"))
        return found

    def find_project(self, title: str) -> Project | None:
        """The oldest project of this very title."""
        page = self.get("/api/projects", page_size=1000, title=title)
        same = [project for project in page["results"] if project["title"] == title]
        return self.project(min(project["id"] for project in same)) if same else None

    def project(self, id: int) -> Project:
        """The project as it is now."""
        return Project.of(self.get(f"/api/projects/{id}"))

    def create_project(self, title: str, label_config: str, instruction: str) -> Project:
        """A new project; one that was made although the answer was lost is looked up."""
        fields = {
            "title": title,
            "label_config": label_config,
            "expert_instruction": instruction,
            "show_instruction": True,
            "show_collab_predictions": True,
        }
        with suppress(UnansweredError):
            self.call("POST", "/api/projects", body=fields)
        made = self.find_project(title)
        if made is None:
            raise ReviewError(f"expected Label Studio to make the project {title!r}, but there is none; try again")
        return made

    def used_values(self, id: int) -> dict[str, int]:
        """How often annotations and drafts use each value of a control ("control: value"), and each control."""
        summary = self.get(f"/api/projects/{id}/summary")
        counts: Counter[str] = Counter()
        for answers, count in (summary.get("created_annotations") or {}).items():
            counts[answers.partition("|")[0]] += int(count)
        for kind in ("created_labels", "created_labels_drafts"):
            for control, found in (summary.get(kind) or {}).items():
                counts.update({f"{control}: {value}": int(count) for value, count in found.items()})
        return dict(counts)

    def update_project(self, id: int, **fields: object) -> None:
        """Change fields of a project."""
        self.call("PATCH", f"/api/projects/{id}", body=fields)

    def import_tasks(self, project: int, tasks: Sequence[Json | bytes]) -> list[int]:
        """The ids of the tasks that were made, in order; tasks may come as JSON that is written already.

        Must not be repeated without a check: the server removes no duplicates.
        """
        body = b"[" + b",".join(task if isinstance(task, bytes) else encoded(task) for task in tasks) + b"]"
        answer = self.call("POST", f"/api/projects/{project}/import", body=body, return_task_ids="true")
        ids = answer.get("task_ids") if isinstance(answer, dict) else None
        if not isinstance(ids, list) or len(ids) != len(tasks):
            raise UnansweredError("expected the ids of the tasks made from Label Studio, got something else")
        return [int(id) for id in ids]

    def tasks_of(self, project: int, record_ids: Iterable[str]) -> dict[str, list[Json]]:
        """The tasks of these records, by record; none for a record that has none."""
        found: dict[str, list[Json]] = {}
        for batch in batched(record_ids, FILTER):
            filters = [_filter("data.record_id", "in_list", "String", batch)]
            for task in self.tasks(project, filters, full=False):
                found.setdefault(str(task["data"].get("record_id")), []).append(task)
        return found

    def tasks_by_id(self, project: int, ids: Iterable[int]) -> Iterator[Json]:
        """These tasks with their predictions and annotations."""
        for batch in batched(ids, FILTER):
            yield from self.tasks(project, [_filter("id", "in_list", "Number", batch)], full=True)

    def annotated_since(
        self, project: int, since: str | None, *, broken: Callable[[int], None] | None = None
    ) -> Iterator[Json]:
        """Tasks updated after a time (all, without one) with their annotations; `broken` as in `tasks`.

        Without a time, tasks without an answer or a skip are left out.
        """
        if since is not None:
            updated = [_filter("updated_at", "greater", "Datetime", since)]
            yield from self.tasks(project, updated, full=True, broken=broken)
            return
        answered = [
            _filter("total_annotations", "greater", "Number", 0),
            _filter("cancelled_annotations", "greater", "Number", 0),
        ]
        seen: set[int] = set()
        for condition in answered:
            for task in self.tasks(project, [condition], full=True, broken=broken):
                if task["id"] not in seen:
                    seen.add(task["id"])
                    yield task

    def snapshot(self, project: int) -> list[Json] | None:
        """All answered tasks as they are at one moment; None when the server cannot make the snapshot.

        One annotation that the server cannot show is enough for it to fail; `annotated_since` skips such ones.
        """
        path, title = f"/api/projects/{project}/exports/", f"clincurate {uuid.uuid4().hex}"
        try:
            return self._snapshot(path, title)
        except UnansweredError:
            return None
        finally:
            # It holds all texts, and is not needed any more.
            with suppress(AnswerError):
                for export in self.get(path):
                    if export["title"] == title:
                        self.call("DELETE", f"{path}{export['id']}")

    def _snapshot(self, path: str, title: str) -> list[Json] | None:
        options = {
            "title": title,
            "task_filter_options": {"only_with_annotations": True},
            "serialization_options": {"predictions": {"only_id": False}, "drafts": {"only_id": True}},
        }
        # After a snapshot that fails, the server's thread for this connection has no database any more.
        made = self.call("POST", path, body=options, last=True)
        deadline = time.monotonic() + self.timeout
        while made["status"] in ("created", "in_progress") and time.monotonic() < deadline:
            time.sleep(LOOK)
            made = self.get(f"{path}{made['id']}")
        if made["status"] != "completed":
            return None
        found: list[Json] = self.get(f"{path}{made['id']}/download", exportType="JSON")
        return found

    def partial_task(self, project: int, id: int) -> tuple[Json | None, list[int]]:
        """A task that the server cannot show as a whole: with its readable annotations, and the ids of the others.

        None when not even the task itself can be shown.
        """
        # The filter excludes nothing; it makes the server list the ids.
        filters = [_filter("id", "equal", "Number", id), _filter("annotations_ids", "not_equal", "String", "-")]
        try:
            found = self._page(project, _query(filters), full=False, size=1, once=True)
        except UnansweredError:
            return None, []
        if not found:
            return None, []
        task: Json = {**found[0], "predictions": [], "annotations": []}
        hidden: list[int] = []
        for number in [int(digits) for digits in str(task.get("annotations_ids") or "").split(",") if digits]:
            try:
                task["annotations"].append(self.call("GET", f"/api/annotations/{number}/"))
            except UnansweredError:
                hidden.append(number)
            except RefusedError:
                continue  # deleted meanwhile
        return task, hidden

    def last_update(self, project: int) -> str | None:
        """When a task of the project was last updated, by the server's clock."""
        page = self._page(project, {"ordering": ["-tasks:updated_at"]}, full=False, size=1)
        return str(page[0]["updated_at"]) if page else None

    def tasks(
        self, project: int, filters: Sequence[Json], *, full: bool, broken: Callable[[int], None] | None = None
    ) -> Iterator[Json]:
        """Tasks that match all filters, by id; none is skipped when tasks change meanwhile.

        A task that the server cannot show makes its whole page fail. With `broken` its id is searched, passed to
        `broken`, and the task left out; without, the listing fails with UnansweredError.
        """
        after, size, tries = 0, PAGE, TRIES
        while True:
            # Pages by number skip rows when earlier ones vanish; pages by key do not.
            items = [*filters, _filter("id", "greater", "Number", after)]
            try:
                page = self._page(project, _query(items), full=full, size=size, once=broken is not None)
            except UnansweredError as error:
                if broken is None or error.status is None or not tries:
                    raise
                if size > 1:
                    size = max(1, size // 8)
                elif (found := self._first_broken(project, filters, after, full=full)) is not None:
                    after, tries = found, TRIES
                    broken(after)
                else:
                    tries -= 1
                continue
            yield from page
            if len(page) < size:
                return
            after, size, tries = page[-1]["id"], min(PAGE, size * 8), TRIES

    def _first_broken(self, project: int, filters: Sequence[Json], after: int, *, full: bool) -> int | None:
        """The id of the next task that the server cannot show: the end of the shortest range of ids that fails.

        None when no range fails: then the failure had another cause.
        """

        def fails(end: int) -> bool:
            items = [*filters, _filter("id", "greater", "Number", after), _filter("id", "less", "Number", end + 1)]
            try:
                self._page(project, _query(items), full=full, size=1, once=True)
            except UnansweredError:
                return True
            return False

        if (next_id := self._next_id(project, filters, after)) is not None:
            return next_id if fails(next_id) else None
        width = 1
        while not fails(after + width):
            width *= 2
            if width > MOST_TASKS:
                return None
        low, high = after + width // 2, after + width
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (low, middle) if fails(middle) else (middle, high)
        return high

    def _next_id(self, project: int, filters: Sequence[Json], after: int) -> int | None:
        """The id of the next task, read without its annotations, which are the usual cause of a failure."""
        items = [*filters, _filter("id", "greater", "Number", after)]
        try:
            page = self._page(project, _query(items), full=False, size=1, once=True)
        except UnansweredError:
            return None
        return int(page[0]["id"]) if page else None

    def import_predictions(self, project: int, predictions: Sequence[Json]) -> None:
        """Add predictions to tasks that exist."""
        answer = self.call("POST", f"/api/projects/{project}/import/predictions", body=predictions)
        made = answer.get("created") if isinstance(answer, dict) else None
        if made != len(predictions):
            # Without its validation, the server drops invalid predictions and answers 201.
            raise RefusedError(f"expected {len(predictions)} predictions to be made, Label Studio made {made}")

    def update_prediction(self, id: int, prediction: Json) -> None:
        """Replace the result of a prediction; its id stays, which open pages refer to."""
        self.call("PATCH", f"/api/predictions/{id}", body=prediction)

    def update_task(self, id: int, **fields: object) -> None:
        """Change fields of a task."""
        self.call("PATCH", f"/api/tasks/{id}", body=fields)

    def share_task(self, task: Json, annotators: int) -> None:
        """Keep a task open until so many people have answered it."""
        done = int(task.get("total_annotations") or 0) >= annotators
        self.update_task(task["id"], overlap=annotators, is_labeled=done)

    def webhooks(self, project: int) -> list[Json]:
        """The webhooks of a project, and of all projects."""
        found: list[Json] = self.get("/api/webhooks/", project=project)
        return found

    def add_webhook(self, project: int, url: str, headers: Mapping[str, str], actions: Sequence[str]) -> int:
        """The id of a new webhook, whose messages carry no content."""
        fields = {
            "project": project,
            "url": url,
            "headers": dict(headers),
            "actions": list(actions),
            "send_for_all_actions": False,
            "send_payload": False,
        }
        return int(self.call("POST", "/api/webhooks/", body=fields)["id"])

    def delete_webhook(self, id: int) -> None:
        """Remove a webhook."""
        self.call("DELETE", f"/api/webhooks/{id}/")

    def delete_tasks(self, ids: Iterable[int]) -> None:
        """Remove tasks."""
        for id in ids:
            self.call("DELETE", f"/api/tasks/{id}")

    def _page(self, project: int, query: Json, *, full: bool, size: int, once: bool = False) -> list[Json]:
        """One page; with ``once`` the request is not repeated when no answer comes."""
        params = {
            "project": project,
            "query": json.dumps(query, separators=(",", ":")),
            "fields": "all" if full else "task_only",
            "page_size": size,
            "resolve_uri": "false",
        }
        try:
            answer = self._once("GET", "/api/tasks", params) if once else self.get("/api/tasks", **params)
        except RefusedError as error:
            if error.status == 404 and self.get(f"/api/projects/{project}"):
                return []
            raise
        found: list[Json] = answer["tasks"]
        return found


def _query(items: Sequence[Json]) -> Json:
    return {"filters": {"conjunction": "and", "items": list(items)}, "ordering": ["tasks:id"]}


def _filter(column: str, operator: str, type: str, value: object) -> Json:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": type, "value": value}

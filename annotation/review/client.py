"""What we ask of Label Studio, in the few words that we need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from annotation.review.answers import RefusedError, UnansweredError
from annotation.review.connection import Connection
from curation.batches import batched
from curation.errors import ReviewError

Json = dict[str, Any]

#: Ids in one filter: the filter travels in the address, whose length servers limit.
FILTER = 500

#: Rows in one page of a listing.
PAGE = 500


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


class Client(Connection):
    """What we ask of one Label Studio; a context manager."""

    def version(self) -> str:
        """The server's version."""
        return str(self.get("/api/version").get("release", ""))

    def users(self) -> dict[int, str]:
        """The logins of all accounts by their ids."""
        found = self.get("/api/users")
        return {int(user["id"]): str(user["email"]) for user in found}

    def find_project(self, title: str) -> Project | None:
        """The oldest project of this very title."""
        page = self.get("/api/projects", page_size=1000, title=title)
        same = [project for project in page["results"] if project["title"] == title]
        return self.project(min(project["id"] for project in same)) if same else None

    def project(self, id: int) -> Project:
        """The project as it is now."""
        found = self.get(f"/api/projects/{id}")
        return Project(
            id=found["id"],
            title=found["title"],
            created=str(found["created_at"]),
            tasks=int(found.get("task_number") or 0),
            annotations=int(found.get("total_annotations_number") or 0),
            annotated=int(found.get("num_tasks_with_annotations") or 0),
            label_config=found.get("label_config") or "",
            model_version=found.get("model_version") or "",
        )

    def create_project(self, title: str, label_config: str, instruction: str) -> Project:
        """A new project; one that was made although the answer was lost is found instead."""
        wanted = {
            "title": title,
            "label_config": label_config,
            "expert_instruction": instruction,
            "show_instruction": True,
            "show_collab_predictions": True,
        }
        with suppress(UnansweredError):
            self.call("POST", "/api/projects", body=wanted)
        made = self.find_project(title)
        if made is None:
            raise ReviewError(f"expected Label Studio to make the project {title!r}, but there is none; try again")
        return made

    def update_project(self, id: int, **fields: object) -> None:
        """Change fields of a project."""
        self.call("PATCH", f"/api/projects/{id}", body=fields)

    def import_tasks(self, project: int, tasks: Sequence[Json]) -> list[int]:
        """The ids of the tasks that were made, in order. Not to be repeated blindly: nothing dedups them."""
        answer = self.call("POST", f"/api/projects/{project}/import", body=tasks, return_task_ids="true")
        ids = answer.get("task_ids") if isinstance(answer, dict) else None
        if not isinstance(ids, list) or len(ids) != len(tasks):
            raise UnansweredError("expected the ids of the tasks made from Label Studio, got something else")
        return [int(id) for id in ids]

    def tasks_of(self, project: int, record_ids: Iterable[str]) -> dict[str, list[Json]]:
        """The tasks of these records, by record; none for a record that has none."""
        found: dict[str, list[Json]] = {}
        for batch in batched(record_ids, FILTER):
            wanted = [_filter("data.record_id", "in_list", "String", batch)]
            for task in self.tasks(project, wanted, full=False):
                found.setdefault(str(task["data"].get("record_id")), []).append(task)
        return found

    def tasks_by_id(self, project: int, ids: Iterable[int]) -> Iterator[Json]:
        """These tasks with their predictions and annotations."""
        for batch in batched(ids, FILTER):
            yield from self.tasks(project, [_filter("id", "in_list", "Number", batch)], full=True)

    def annotated_since(self, project: int, since: str | None) -> Iterator[Json]:
        """Tasks touched after a time (all, without one) with their annotations.

        Without a time, tasks that nobody has answered or skipped are left out.
        """
        if since is not None:
            yield from self.tasks(project, [_filter("updated_at", "greater", "Datetime", since)], full=True)
            return
        answered = [
            _filter("total_annotations", "greater", "Number", 0),
            _filter("cancelled_annotations", "greater", "Number", 0),
        ]
        seen: set[int] = set()
        for wanted in answered:
            for task in self.tasks(project, [wanted], full=True):
                if task["id"] not in seen:
                    seen.add(task["id"])
                    yield task

    def last_update(self, project: int) -> str | None:
        """When a task of the project was last touched, by the server's clock."""
        query = {"ordering": ["-tasks:updated_at"]}
        page = self._page(project, query, full=False, size=1)
        return str(page[0]["updated_at"]) if page else None

    def tasks(self, project: int, filters: Sequence[Json], *, full: bool) -> Iterator[Json]:
        """Tasks that fit all filters, by id; none is left out when others change meanwhile."""
        after = 0
        while True:
            # Pages by number skip rows when earlier ones vanish; pages by key do not.
            items = [*filters, _filter("id", "greater", "Number", after)]
            query = {"filters": {"conjunction": "and", "items": items}, "ordering": ["tasks:id"]}
            page = self._page(project, query, full=full, size=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1]["id"]

    def import_predictions(self, project: int, predictions: Sequence[Json]) -> None:
        """Add predictions to tasks that exist."""
        answer = self.call("POST", f"/api/projects/{project}/import/predictions", body=predictions)
        made = answer.get("created") if isinstance(answer, dict) else None
        if made != len(predictions):
            # Without its validation switched on, the server drops what it does not like and says 201.
            raise RefusedError(f"expected {len(predictions)} predictions to be made, Label Studio made {made}")

    def update_prediction(self, id: int, prediction: Json) -> None:
        """Put another result in the place of a prediction's; its id, which open pages refer to, stays."""
        self.call("PATCH", f"/api/predictions/{id}", body=prediction)

    def update_task(self, id: int, **fields: object) -> None:
        """Change fields of a task."""
        self.call("PATCH", f"/api/tasks/{id}", body=fields)

    def share_task(self, task: Json, annotators: int) -> None:
        """Leave a task open until so many people have answered it."""
        done = int(task.get("total_annotations") or 0) >= annotators
        self.update_task(task["id"], overlap=annotators, is_labeled=done)

    def delete_tasks(self, ids: Iterable[int]) -> None:
        """Remove tasks."""
        for id in ids:
            self.call("DELETE", f"/api/tasks/{id}")

    def _page(self, project: int, query: Json, *, full: bool, size: int) -> list[Json]:
        plain = json.dumps(query, separators=(",", ":"))
        fields = "all" if full else "task_only"
        try:
            answer = self.get(
                "/api/tasks", project=project, query=plain, fields=fields, page_size=size, resolve_uri="false"
            )
        except RefusedError as error:
            if error.status == 404 and self.get(f"/api/projects/{project}"):
                return []
            raise
        found: list[Json] = answer["tasks"]
        return found


def _filter(column: str, operator: str, type: str, value: object) -> Json:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": type, "value": value}

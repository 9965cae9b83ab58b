"""Answers under another reviewer's name, by an annotator's account: none becomes that reviewer's, and none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from review_parts.label_studio_servers import BenchmarkServer, label_studio

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.doubted import HELD, count_waiting
from annotation.label_studio.exchange.pull import Pulled, pull
from annotation.label_studio.exchange.push import push
from curation.author import is_doubted, own_name
from curation.record import Record, record_id
from curation.scheme import load_scheme
from curation.store import Store
from door_parts.attack import Attack

DOOR = "forged reviewers"

TEXT = "Fieber und Husten seit Montag."
SCHEME = load_scheme()


@dataclass(frozen=True)
class ReviewRoom:
    """A server, a store, and two annotators."""

    server: BenchmarkServer
    store: Store
    client: Client
    anna: httpx.Client
    ben: httpx.Client
    ids: dict[str, int]

    @property
    def project(self) -> int:
        """The number of the project."""
        found = self.client.find_project(self.server.settings.project)
        assert found is not None
        return found.id

    def pull(self) -> Pulled:
        """What came back."""
        return pull(self.store, self.client, SCHEME, self.server.settings)

    def layers(self, record: str) -> dict[str, list[str]]:
        """The layers of a record, with what is doubted about each."""
        history = self.store.layer_history(record)
        doubts = {layer.name: layer.provenance.get(HELD, {}) for layer in history}
        return {name: list(held.get("doubts", ())) for name, held in doubts.items() if isinstance(held, dict)}


Forge = Callable[[ReviewRoom, int], None]


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Every forgery, and the work that is genuine, each on a record of its own; then what came of them."""
    with label_studio() as server, server.store() as store, server.client() as client:
        texts = [f"{TEXT} ({number})" for number in range(len(FORGERIES) + len(GENUINE) + len(UNNOTICED))]
        ids = [record_id(text, language="de") for text in texts]
        store.add_records(
            Record(id=id, group=id, source="doors", language="de", text=text)
            for id, text in zip(ids, texts, strict=True)
        )
        push(store, client, SCHEME, server.settings)
        accounts = {login.partition("@")[0]: id for id, login in client.users().items()}
        project = client.find_project(server.settings.project)
        assert project is not None
        tasks = store.review_tasks(project.key)
        with _person(server, "anna") as anna, _person(server, "ben") as ben:
            room = ReviewRoom(server, store, client, anna, ben, accounts)
            for id, work in zip(ids, [*FORGERIES.values(), *GENUINE.values(), *UNNOTICED.values()], strict=True):
                work(room, tasks[id].task_id or 0)
        done = room.pull()
        records = iter(ids)
        yield from (_forged(room, what, next(records), done) for what in FORGERIES)
        yield from (_genuine(room, what, next(records)) for what in GENUINE)
        yield from (_unnoticed(room, what, next(records)) for what in UNNOTICED)
        again = pull(store, client, SCHEME, server.settings, full=True)
        moved = (again.layers, again.decisions, len(again.in_doubt))
        seen = f"{count_waiting(store)} wait, {sum(moved)} are new"
        yield Attack(DOOR, "what waits counts after another pull", any(moved), seen)


def _person(server: BenchmarkServer, name: str) -> httpx.Client:
    headers = {"Authorization": f"Token {server.token(name)}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=120, trust_env=False)


def _forged(room: ReviewRoom, what: str, record: str, done: Pulled) -> Attack:
    """The forgery worked where it became somebody's layer or decision, or was lost without a word."""
    layers = room.layers(record)
    counted = any(name.startswith("human:") for name in layers) or bool(room.store.decisions([record]))
    reasons = "; ".join(doubt for doubts in layers.values() for doubt in doubts)
    numbers = [own_name(name) for name in layers if is_doubted(name)]
    told = [where for where, _ in done.in_doubt if where.split()[1] in numbers]
    return Attack(DOOR, what, counted or not told, reasons or f"became {', '.join(layers) or 'nothing'}")


def _genuine(room: ReviewRoom, what: str, record: str) -> Attack:
    """Genuine work that is doubted is a door to keep others' work out."""
    layers = room.layers(record)
    worked = not layers or any(layers.values())
    return Attack(DOOR, f"genuine: {what}", worked, ", ".join(layers) or "no layer")


def _unnoticed(room: ReviewRoom, what: str, record: str) -> Attack:
    """What no field and no entry of the server tells."""
    worked = not any(room.layers(record).values())
    return Attack(DOOR, what, worked, "no field and no entry of the server tells it; see review operations")


def _answer(label: str = "signs_symptoms", verdict: str = "accept") -> list[dict[str, Any]]:
    value = {"start": 0, "end": 6, "labels": [label]}
    return [
        {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value},
        {"id": "v", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": [verdict]}},
    ]


def _post(person: httpx.Client, task: int, **fields: object) -> int:
    made = person.post(f"/api/tasks/{task}/annotations/", json={"result": _answer(), "lead_time": 9, **fields})
    made.raise_for_status()
    id: int = made.json()["id"]
    return id


def _patch(person: httpx.Client, annotation: int, **fields: object) -> None:
    person.patch(f"/api/annotations/{annotation}/", json=fields).raise_for_status()


def _post_with_all_fields(room: ReviewRoom, task: int) -> None:
    told = dict.fromkeys(("completed_by", "updated_by", "last_created_by"), room.ids["anna"])
    others = {"last_action": "submitted", "created_username": "anna", "draft_created_at": "2026-01-01T00:00:00Z"}
    _post(room.ben, task, **told, **others)


def _bring_in(room: ReviewRoom, task: int, author: object) -> None:
    (shown,) = room.client.tasks_by_id(room.project, [task])
    body = [{"data": shown["data"], "annotations": [{"result": _answer(), "completed_by": author}]}]
    room.ben.post(f"/api/projects/{room.project}/import", json=body).raise_for_status()


def _take(room: ReviewRoom, task: int) -> None:
    _patch(room.ben, _post(room.anna, task), completed_by=room.ids["ben"], result=_answer("diagnosis", "reject"))


def _with_a_draft(room: ReviewRoom, task: int) -> None:
    made = room.ben.post(f"/api/tasks/{task}/drafts", json={"result": _answer(), "user": "anna@clincurate.local"})
    _post(room.ben, task, completed_by=room.ids["anna"], draft_id=made.json()["id"])


FORGERIES: dict[str, Forge] = {
    "an answer saved as another's": lambda room, task: _ignore(_post(room.ben, task, completed_by=room.ids["anna"])),
    "an answer saved as another's, with every field that the API takes": _post_with_all_fields,
    "an answer saved as the steward's": lambda room, task: _ignore(
        _post(room.ben, task, completed_by=room.ids["steward"])
    ),
    "an answer saved as another's, then changed": lambda room, task: _patch(
        room.ben, _post(room.ben, task, completed_by=room.ids["anna"]), result=_answer("diagnosis")
    ),
    "an own answer given to another": lambda room, task: _patch(
        room.ben, _post(room.ben, task), completed_by=room.ids["anna"]
    ),
    "another's answer taken before a pull, and rejected": _take,
    "an answer from a draft in another's name": _with_a_draft,
    "an import that names another by number": lambda room, task: _bring_in(room, task, room.ids["anna"]),
    "an import that names another by mail": lambda room, task: _bring_in(
        room, task, {"email": "anna@clincurate.local"}
    ),
}


def _edit_own(room: ReviewRoom, task: int) -> None:
    _patch(room.anna, _post(room.anna, task), result=_answer("diagnosis"))


def _edit_anothers(room: ReviewRoom, task: int) -> None:
    _patch(room.ben, _post(room.anna, task), result=_answer("diagnosis"))


def _edit_as_steward(room: ReviewRoom, task: int) -> None:
    made = _post(room.anna, task)
    room.client.call("PATCH", f"/api/annotations/{made}/", body={"result": _answer("diagnosis")})


GENUINE: dict[str, Forge] = {
    "an own answer": lambda room, task: _ignore(_post(room.anna, task)),
    "an own answer, edited": _edit_own,
    "another's answer, edited under the own name": _edit_anothers,
    "an answer that the steward edits": _edit_as_steward,
}


def _change_a_draft(room: ReviewRoom, task: int) -> None:
    made = room.anna.post(f"/api/tasks/{task}/drafts", json={"result": _answer()}).json()["id"]
    room.ben.patch(f"/api/drafts/{made}/", json={"result": _answer("diagnosis")}).raise_for_status()
    room.anna.post(
        f"/api/tasks/{task}/annotations/", json={"result": _answer("diagnosis"), "lead_time": 9, "draft_id": made}
    ).raise_for_status()


UNNOTICED: dict[str, Forge] = {"another's draft, changed before its author submits it": _change_a_draft}


def _ignore(_: object) -> None:
    """Nothing: the number of what was made is not used."""

"""One real Label Studio for all tests of the review, and people who work in it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from review_parts.forwarding_proxy import Forwarding, listening

from annotation.label_studio.api.client import Client
from annotation.label_studio.server import server
from annotation.label_studio.server.annotators import add_annotators
from annotation.label_studio.server.environment import ensure_environment
from annotation.review_settings import ReviewSettings
from curation.errors import ReviewError
from curation.store import ReviewTask, Store

#: Not the default, so that somebody's own server on this machine does not matter.
PORT = 18099


@dataclass(frozen=True)
class LabelStudio:
    """The running server of a workspace, with accounts for two annotators."""

    workspace: Path
    settings: ReviewSettings
    server: server.Server
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def installed() -> ReviewSettings:
    """Settings whose environment is ready; CLINCURATE_LABEL_STUDIO_ENV names one to share."""
    settings = ReviewSettings(port=PORT)
    try:
        ensure_environment(settings)
    except ReviewError as error:
        pytest.skip(f"Label Studio cannot be installed on this machine: {error}")
    return settings


@pytest.fixture(scope="session")
def label_studio(installed: ReviewSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    """A real server for the whole session."""
    workspace = tmp_path_factory.mktemp("reviewed")
    running = server.start(workspace, installed)
    accounts = add_annotators(workspace, installed, ["anna", "ben"])
    tokens = {one.login.partition("@")[0]: one.token.get_secret_value() for one in accounts}
    yield LabelStudio(workspace, installed, running, tokens)
    server.stop(workspace)


@pytest.fixture
def settings(installed: ReviewSettings) -> ReviewSettings:
    """Settings with a project of the test's own, and short waits."""
    return installed.model_copy(
        update={
            "project": f"Test {uuid.uuid4().hex[:12]}",
            "settle_base": 2.0,
            "settle_per_record": 0.0,
            "unvalidated": True,
        }
    )


@pytest.fixture
def client(label_studio: LabelStudio, settings: ReviewSettings) -> Iterator[Client]:
    """The steward's client."""
    with Client(label_studio.server.url, label_studio.server.token, settings) as opened:
        yield opened


class Person:
    """An annotator, saving what the editor would save."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Token {token}"}, timeout=60, trust_env=False
        )

    def annotate(self, task: int, result: object, **fields: object) -> int:
        """The id of a new annotation."""
        body = {"result": result, "lead_time": 12.5, **fields}
        answer = self._http.post(f"/api/tasks/{task}/annotations/", json=body)
        assert answer.status_code == 201, answer.text
        id: int = answer.json()["id"]
        return id

    def draft(self, task: int, result: object) -> int:
        """The id of a new draft."""
        answer = self._http.post(f"/api/tasks/{task}/drafts", json={"result": result, "lead_time": 1.0})
        assert answer.status_code == 201, answer.text
        id: int = answer.json()["id"]
        return id

    def next_task(self, project: int) -> dict[str, object] | None:
        """The task that the label stream shows next; None when there is none left."""
        answer = self._http.get(f"/api/projects/{project}/next")
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    def edit(self, annotation: int, **fields: object) -> None:
        """Save an annotation anew."""
        answer = self._http.patch(f"/api/annotations/{annotation}/", json=fields)
        assert answer.status_code == 200, answer.text

    def post(self, path: str, *, json: object) -> httpx.Response:
        """The answer to any request that is in an annotator's power."""
        return self._http.post(path, json=json)

    def delete(self, annotation: int) -> None:
        """Remove an annotation."""
        assert self._http.delete(f"/api/annotations/{annotation}/").status_code == 204

    def delete_task(self, task: int) -> None:
        """Remove a task with all that people said about it."""
        assert self._http.delete(f"/api/tasks/{task}/").status_code == 204

    def close(self) -> None:
        """Leave."""
        self._http.close()


@pytest.fixture
def anna(label_studio: LabelStudio) -> Iterator[Person]:
    """One annotator."""
    person = Person(label_studio.server.url, label_studio.tokens["anna"])
    yield person
    person.close()


@pytest.fixture
def ben(label_studio: LabelStudio) -> Iterator[Person]:
    """Another annotator."""
    person = Person(label_studio.server.url, label_studio.tokens["ben"])
    yield person
    person.close()


Tasks = Callable[[], dict[str, ReviewTask]]


@pytest.fixture
def tasks(sqlite_store: Store, client: Client, settings: ReviewSettings) -> Tasks:
    """The ledger of the test's project."""

    def read() -> dict[str, ReviewTask]:
        project = client.find_project(settings.project)
        assert project is not None
        return sqlite_store.review_tasks(project.key)

    return read


@dataclass
class Proxy:
    """A proxy before the server; `on_import` says what becomes of an import that the server has done or would do.

    "pass" hands the answer on; "502" hands on an error after the server has committed; "refuse" answers 400
    and "drop" 504 without the server's knowing; "hang" never answers after the server has committed; "lose"
    takes the request, lets the client go, and hands it on late.
    """

    url: str = ""
    on_import: Callable[[bytes], str] = lambda body: "pass"
    requests: list[int] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    committed: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def proxy(label_studio: LabelStudio) -> Iterator[Proxy]:
    """A real HTTP proxy on another port."""
    state = Proxy()

    class Handler(Forwarding):
        def exchange(self, body: bytes) -> tuple[int, bytes]:
            fate = state.on_import(body) if self.is_import() else "pass"
            if fate == "refuse":
                return 400, b"{}"
            if fate == "drop":
                return 504, b""
            if fate == "lose":
                state.arrived.set()
                state.hold.wait(30)
            status, content = self.forward(body)
            if fate in ("502", "lose"):
                state.requests.append(status)
                state.committed.set()
                return 502, b"<html>bad gateway</html>"
            if fate == "hang":
                state.committed.set()
                state.hold.wait(30)
            return status, content

    with listening(Handler, label_studio.server.port) as state.url:
        try:
            yield state
        finally:
            state.hold.set()

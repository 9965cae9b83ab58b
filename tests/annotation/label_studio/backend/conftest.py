"""A real back end in a thread, and annotators whose pace and version a test sets."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from annotation.annotators import ANNOTATORS
from annotation.label_studio.backend.basic_auth import BasicAuth
from annotation.label_studio.backend.serve import running_backend
from annotation.label_studio.settings import BackendSettings
from annotation.review_settings import ReviewSettings
from annotation.settings import AnnotationSettings
from curation.author import AuthorKind
from curation.record import Entity, Layer
from curation.stage import Result

#: A stand-in for `curate train`: what matters here is that it runs in the background, once.
SLOW = "import sys, time; print('learning, name', sys.argv[-1], flush=True); time.sleep(60)"


@dataclass
class Running:
    """A back end that listens, and a client that knows its password."""

    url: str
    auth: BasicAuth
    http: httpx.Client

    def predict(self, *texts, context=None, language="en", **body):
        """The results for tasks with these texts."""
        tasks = [{"id": number, "data": {"text": text, "language": language}} for number, text in enumerate(texts)]
        body = {"tasks": tasks, "params": {"context": context}, **body}
        answer = self.http.post("/predict", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]


@contextmanager
def running(
    workspace, scheme, review, annotation=None, train=(sys.executable, "-c", SLOW), gate=None, models=None, store=None
) -> Iterator[Running]:
    """A back end of a workspace on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    review = review.model_copy(update={"backend": review.backend.model_copy(update={"port": port})})
    workspace.mkdir(exist_ok=True)
    annotation = annotation or AnnotationSettings()
    listening = running_backend(
        workspace, scheme, review, annotation, train=train, gate=gate, models=models, store=store
    )
    with listening as (server, url, auth):
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        transport = httpx.HTTPTransport(retries=5)
        with httpx.Client(base_url=url, auth=(auth.login, auth.password), timeout=60, transport=transport) as http:
            while not server.started:
                thread.join(0.01)
            yield Running(url, auth, http)
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "the back end did not end within a minute"


@pytest.fixture(scope="session")
def run_backend():
    """Makes a back end of a workspace, a context manager."""
    return running


@pytest.fixture(scope="session")
def rules_backend(scheme, tmp_path_factory):
    """A back end that annotates with the rules."""
    with running(tmp_path_factory.mktemp("asked"), scheme, ReviewSettings()) as one:
        yield one


@dataclass
class Slow:
    """An annotator that waits to be let go, notes each call, and fails on texts that say so."""

    version: str = "slow@1"
    reads: tuple[str, ...] = ()
    name: str = "annotate:slow"
    marks: dict[str, tuple[int, int, str]] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    @property
    def fingerprint(self):
        return self.version

    def __call__(self, items):
        self.calls.append([item.record.text for item in items])
        self.begun.set()
        assert self.go.wait(60)
        if any("poison" in item.record.text for item in items):
            raise RuntimeError("this text was poison")
        return [Result(item.record.id, layers=(self._layer(item.record),)) for item in items]

    def _layer(self, record):
        marks = [self.marks[record.text]] if record.text in self.marks else []
        entities = tuple(Entity.at(record.text, *mark, id="T1", score=0.75) for mark in marks)
        return Layer(record_id=record.id, name="slow", author=self.version, entities=entities)


@pytest.fixture
def slow():
    """A slow annotator; let go at the end, so that nothing hangs."""
    made = Slow()
    yield made
    made.go.set()


@pytest.fixture
def slow_backend(slow, scheme, tmp_path, monkeypatch):
    """A back end that annotates with the slow annotator, and waits for it hardly at all."""
    monkeypatch.setitem(ANNOTATORS, AuthorKind.RULES, lambda *_: slow)
    slow.go.set()  # it says its name at once
    hasty = BackendSettings(annotator="rules", deadline=0.05)
    with running(tmp_path / "slow", scheme, ReviewSettings(backend=hasty)) as one:
        slow.calls.clear()
        slow.begun.clear()
        slow.go.clear()
        yield one
        slow.go.set()

"""A real Label Studio in a temporary workspace, shared by all parts of one run.

    with label_studio() as server, server.store() as store, server.client() as client:
        push(store, client, scheme, server.settings)
        with server.person("anna") as anna:
            anna.annotate(task, result)

Every `with` gets a project title and a folder of its own; the server and its accounts are made once.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from annotation.label_studio.api.client import Client
from annotation.label_studio.server import server
from annotation.label_studio.server.annotators import add_annotators
from annotation.label_studio.server.credentials import Account
from annotation.review_settings import ReviewSettings
from curation.store import Store
from review_parts.api_annotators import ApiAnnotator

#: Annotators with accounts.
PEOPLE = ("anna", "ben", "clara", "deniz", "emma", "felix", "gina", "hugo")

#: Not the default, so that another server on this machine does not matter.
PORT = 18199


@dataclass(frozen=True)
class BenchmarkServer:
    """A running server with accounts for PEOPLE, and a project title and folder of the caller's own."""

    folder: Path
    settings: ReviewSettings
    label_studio: server.Server
    accounts: dict[str, Account]

    @property
    def url(self) -> str:
        """The server's address."""
        return self.label_studio.url

    @property
    def workspace(self) -> Path:
        """The folder of the server's own workspace, which is deleted when it ends."""
        return self.label_studio.log.parents[1]

    def token(self, name: str) -> str:
        """An annotator's token."""
        return self.accounts[name].token.get_secret_value()

    def client(self, settings: ReviewSettings | None = None, *, url: str | None = None) -> Client:
        """The steward's client, a context manager; `url` leads through a proxy."""
        return Client(url or self.url, self.label_studio.token, settings or self.settings)

    def store(self, name: str = "records") -> Store:
        """A store in the caller's folder, a context manager."""
        return Store.open(self.store_url(name))

    def store_url(self, name: str = "records") -> str:
        """The address of that store, for another process."""
        return f"sqlite:///{self.folder / name}.db"

    def person(self, name: str) -> ApiAnnotator:
        """One of PEOPLE at work, a context manager."""
        return ApiAnnotator(self.url, self.token(name), name)


class _Shared:
    """The one server of this process, and how many use it."""

    users = 0
    lock = Lock()
    starting: Future[None] | None = None
    workspace: Path
    server: server.Server
    accounts: dict[str, Account]


@contextmanager
def kept_running(*, begin: bool = False) -> Iterator[None]:
    """A server that is started inside stays until the end of the block; `begin` starts it behind other work."""
    with _Shared.lock:
        _Shared.users += 1
    try:
        if begin:
            _starting()
        yield
    finally:
        with _Shared.lock:
            _Shared.users -= 1
        if not _Shared.users and _Shared.starting is not None:
            wait([_Shared.starting])
            _Shared.starting = None
            server.stop(_Shared.workspace)
            shutil.rmtree(_Shared.workspace, ignore_errors=True)


@contextmanager
def label_studio(**settings: Any) -> Iterator[BenchmarkServer]:
    """The server, started by the first who asks; `settings` are fields of ReviewSettings."""
    with kept_running(), tempfile.TemporaryDirectory(prefix="clincurate-review-") as folder:
        _starting().result()
        title = f"Benchmark {uuid.uuid4().hex[:12]}"
        wanted = ReviewSettings(**{"port": PORT, "project": title, "unvalidated": True} | settings)
        yield BenchmarkServer(Path(folder), wanted, _Shared.server, _Shared.accounts)


def _starting() -> Future[None]:
    with _Shared.lock:
        if _Shared.starting is None:
            pool = ThreadPoolExecutor(1)
            _Shared.starting = pool.submit(_start)
            pool.shutdown(wait=False)
        return _Shared.starting


def _start() -> None:
    _Shared.workspace = Path(tempfile.mkdtemp(prefix="clincurate-server-"))
    wanted = ReviewSettings(port=PORT)
    _Shared.server = server.start(_Shared.workspace, wanted)
    accounts = add_annotators(_Shared.workspace, wanted, PEOPLE)
    _Shared.accounts = dict(zip(PEOPLE, accounts, strict=True))

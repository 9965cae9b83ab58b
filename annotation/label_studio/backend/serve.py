"""The back end as a process that listens on a port."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import uvicorn

from annotation.annotators import models_of
from annotation.label_studio.backend.active_annotator import ActiveAnnotator
from annotation.label_studio.backend.app import Backend, make_app
from annotation.label_studio.backend.basic_auth import BasicAuth, new_basic_auth
from annotation.label_studio.backend.bounded_connections import bounded_config
from annotation.label_studio.backend.prediction_queue import PredictionQueue
from annotation.label_studio.backend.state import backend_folder, clear_running, record_running
from annotation.label_studio.backend.training import Trainer
from annotation.label_studio.processes import exit_at_signals, is_free
from annotation.label_studio.settings import LabelStudioSettings
from annotation.llm.examples import Examples
from annotation.settings import AnnotationSettings
from curation.author import AuthorKind, kind_of, own_name
from curation.egress.gate import Gate, server_way_out
from curation.errors import ReviewError
from curation.models.settings import ModelSettings
from curation.scheme import Scheme
from curation.store import Store

#: Seconds that requests have to end when the back end ends.
SHUTDOWN_TIME = 10

#: Called with the address and the password once the back end listens.
OnUp = Callable[[str, BasicAuth], None]

#: Called with the address when the back end is asked to end, while it still holds its port; the seconds that it has.
OnLeaving = Callable[[str], None]
LEAVING_TIME = 5.0


class BackendServer(uvicorn.Server):
    """A server that says that it ends while nobody else can listen on its port yet."""

    leaving: Callable[[], None] = staticmethod(lambda: None)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, after `leaving`, which is not waited for any longer than LEAVING_TIME."""
        said = threading.Thread(target=self.leaving, daemon=True)
        said.start()
        until = time.monotonic() + LEAVING_TIME
        while said.is_alive() and time.monotonic() < until:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def serve(
    workspace: Path,
    scheme: Scheme,
    review: LabelStudioSettings,
    annotation: AnnotationSettings,
    *,
    train: Sequence[str],
    gate: Gate | None = None,
    models: Mapping[str, ModelSettings] | None = None,
    examples: Examples | None = None,
    store: Store | None = None,
    on_up: OnUp = lambda url, auth: None,
    on_leaving: OnLeaving = lambda url: None,
) -> None:
    """Answer Label Studio until the process is asked to end; `train` is the command that trains an adapter.

    Raises ReviewError when the port is taken, UsageError when there is no such annotator, EgressBlockedError when texts
    would leave this machine and the gate lets them not, or there is none.
    """
    settings = review.backend
    with (
        exit_at_signals(),
        running_backend(
            workspace, scheme, review, annotation, train=train, gate=gate, models=models, examples=examples, store=store
        ) as (
            server,
            url,
            auth,
        ),
    ):
        server.leaving = partial(on_leaving, url)
        up = threading.Thread(target=_when_up, args=(server, url, auth, on_up), daemon=True)
        up.start()
        server.run()
        if not server.started:
            raise ReviewError(f"expected to listen on {settings.host}:{settings.port}, but could not")


@contextmanager
def running_backend(
    workspace: Path,
    scheme: Scheme,
    review: LabelStudioSettings,
    annotation: AnnotationSettings,
    *,
    train: Sequence[str],
    gate: Gate | None = None,
    models: Mapping[str, ModelSettings] | None = None,
    examples: Examples | None = None,
    store: Store | None = None,
) -> Iterator[tuple[BackendServer, str, BasicAuth]]:
    """A server that is ready to run, its address and its login; its threads end with the block."""
    settings = review.backend
    if not is_free(settings.port):
        raise ReviewError(f"expected port {settings.port} to be free, it is not; name another with --port")
    folder, adapters = backend_folder(workspace), workspace / "adapters"
    auth = new_basic_auth(folder)
    passage = server_way_out(gate, settings.host, settings.port, password=auth.password)
    language = review.language
    current = ActiveAnnotator(
        scheme,
        annotation,
        settings,
        adapters=adapters,
        language=language,
        gate=gate,
        models=models,
        examples=examples,
        store=store,
    )
    # Requests to a language model run in parallel: each is a batch of its own.
    asks_out = kind_of(settings.annotator) is AuthorKind.LLM
    queue = PredictionQueue(
        current,
        scheme,
        settings.model_copy(update={"batch_size": 1}) if asks_out else settings,
        workers=_at_once(own_name(settings.annotator), annotation, models) if asks_out else 1,
    )
    trainer = Trainer(folder, command=train, adapters=adapters, name=settings.trained)
    backend = Backend(current, queue, trainer, scheme, settings, language=language, passage=passage)
    app = make_app(backend, auth, settings)
    config = bounded_config(app, host=settings.host, port=settings.port, shutdown_time=SHUTDOWN_TIME)
    url = (settings.address or f"http://{settings.host}:{settings.port}").rstrip("/")
    current.watch()
    record_running(folder, f"http://{settings.host}:{settings.port}")
    try:
        yield BackendServer(config), url, auth
    finally:
        clear_running(folder)
        queue.close()
        current.close()


def _when_up(server: uvicorn.Server, url: str, auth: BasicAuth, on_up: OnUp) -> None:
    pause = threading.Event()
    while not server.started and not server.should_exit:
        pause.wait(0.05)
    if server.started:
        on_up(url, auth)


def _at_once(name: str, annotation: AnnotationSettings, models: Mapping[str, ModelSettings] | None) -> int:
    """Requests that the language models of the settings take at once."""
    return sum(section.concurrency for section in models_of(name, annotation.llm, models or {}).values())

"""The back end as a process: loaded, listening, made known to Label Studio; the only module that knows uvicorn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from annotation.label_studio.backend.active_annotator import Current
from annotation.label_studio.backend.app import Backend, make_app
from annotation.label_studio.backend.basic_auth import Door, ensure_door
from annotation.label_studio.backend.prediction_queue import Desk
from annotation.label_studio.backend.state import backend_folder, forget, note
from annotation.label_studio.backend.training import Trainer
from annotation.label_studio.processes import is_free
from annotation.label_studio.settings import LabelStudioSettings
from annotation.settings import AnnotationSettings
from curation.egress.gate import Gate, server_way_out
from curation.errors import ReviewError
from curation.scheme import Scheme

#: Called with the address and the password once the back end listens.
OnUp = Callable[[str, Door], None]


def serve(
    workspace: Path,
    scheme: Scheme,
    review: LabelStudioSettings,
    annotation: AnnotationSettings,
    *,
    train: Sequence[str],
    gate: Gate | None = None,
    on_up: OnUp = lambda url, door: None,
) -> None:
    """Answer Label Studio until the process is asked to end; `train` is the command that trains an adapter.

    Raises ReviewError when the port is taken, UsageError when there is no such annotator, EgressBlockedError when texts
    would leave this machine and the gate lets them not, or there is none.
    """
    settings = review.backend
    with at_work(workspace, scheme, review, annotation, train=train, gate=gate) as (server, url, door):
        up = threading.Thread(target=_when_up, args=(server, url, door, on_up), daemon=True)
        up.start()
        server.run()
        if not server.started:
            raise ReviewError(f"expected to listen on {settings.host}:{settings.port}, but could not")


@contextmanager
def at_work(
    workspace: Path,
    scheme: Scheme,
    review: LabelStudioSettings,
    annotation: AnnotationSettings,
    *,
    train: Sequence[str],
    gate: Gate | None = None,
) -> Iterator[tuple[uvicorn.Server, str, Door]]:
    """A server that is ready to run, its address and its password; all that works for it ends with the block."""
    settings = review.backend
    if not is_free(settings.port):
        raise ReviewError(f"expected port {settings.port} to be free, it is not; name another with --port")
    folder, adapters = backend_folder(workspace), workspace / "adapters"
    door = ensure_door(folder)
    passage = server_way_out(gate, settings.host, settings.port, password=door.password)
    current = Current(scheme, annotation, settings, adapters=adapters, language=review.language, gate=gate)
    # A language model's requests do not wait for each other: each is a batch of its own.
    asks_out = settings.annotator.partition(":")[0] == "llm"
    desk = Desk(
        current,
        scheme,
        settings.model_copy(update={"batch_size": 1}) if asks_out else settings,
        workers=annotation.llm.concurrency if asks_out else 1,
    )
    trainer = Trainer(folder, command=train, adapters=adapters, name=settings.trained)
    backend = Backend(current, desk, trainer, scheme, settings, language=review.language, passage=passage)
    app = make_app(backend, door, settings)
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_level="warning", access_log=False, server_header=False
    )
    url = (settings.address or f"http://{settings.host}:{settings.port}").rstrip("/")
    current.watch()
    note(folder, f"http://{settings.host}:{settings.port}")
    try:
        yield uvicorn.Server(config), url, door
    finally:
        forget(folder)
        current.close()
        desk.close()


def _when_up(server: uvicorn.Server, url: str, door: Door, on_up: OnUp) -> None:
    pause = threading.Event()
    while not server.started and not server.should_exit:
        pause.wait(0.05)
    if server.started:
        on_up(url, door)

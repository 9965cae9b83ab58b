"""The examples as a server that listens on a port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import uvicorn

from annotation.label_studio.backend.basic_auth import BasicAuth, ensure_basic_auth
from annotation.label_studio.backend.bounded_connections import bounded_config
from annotation.label_studio.processes import exit_at_signals, is_free
from annotation.retrieval.app import RetrieveService, make_retrieve_app
from annotation.settings import ExamplesSettings
from curation.address import is_this_machine
from curation.egress.gate import Gate, server_way_out
from curation.errors import UsageError
from curation.private_files import private_folder

#: Seconds that requests have to end when the server ends.
SHUTDOWN_TIME = 5

#: Called with the address, and the password where one is wanted.
Listening = Callable[[str, BasicAuth | None], None]


def serve_examples(
    service: RetrieveService, settings: ExamplesSettings, *, folder: Path, gate: Gate, on_up: Listening
) -> None:
    """Answer until the process is asked to end; `folder` keeps the password that other machines must send.

    Raises UsageError when the port is taken, EgressBlockedError when texts may not go to other machines.
    """
    if not is_free(settings.port):
        raise UsageError(f"expected port {settings.port} to be free, it is not; name another with --port")
    auth = None if is_this_machine(settings.host) else ensure_basic_auth(private_folder(folder))
    passage = server_way_out(gate, settings.host, settings.port, password=auth.password if auth else "")
    app = make_retrieve_app(replace(service, passage=passage), auth)
    config = bounded_config(app, host=settings.host, port=settings.port, shutdown_time=SHUTDOWN_TIME)
    server = _Server(config, lambda: on_up(f"http://{settings.host}:{settings.port}", auth))
    with exit_at_signals():
        server.run()
    if not server.started:
        raise UsageError(f"expected to listen on {settings.host}:{settings.port}, but could not")


class _Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, on_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_up = on_up

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Listens, then says so."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self._on_up()

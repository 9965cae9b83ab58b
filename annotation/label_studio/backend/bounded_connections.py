"""HTTP connections of which there are so many at most, and whose requests end in time, and how a server has them."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Most connections at once; Label Studio has a few.
MOST_CONNECTIONS = 128

#: Seconds for the lines and headers of a request.
HEAD_TIME = 10.0

#: Seconds for a request from its headers to the end of its answer; a prediction may take 90 of them.
REQUEST_TIME = 150.0


def bounded_config(app: Any, *, host: str, port: int, shutdown_time: int) -> uvicorn.Config:
    """The settings of a server of such connections, which writes no line for each request.

    shutdown_time: seconds that requests have to end when the server ends.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedConnection,
        ws="none",
        timeout_graceful_shutdown=shutdown_time,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


class BoundedConnection(H11Protocol):
    """A connection that is ended when a request or its answer does not."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        else:
            self._end_after(HEAD_TIME)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._end_after(REQUEST_TIME)
        elif self._timer is None and (self.cycle is None or self.cycle.response_complete):
            # Counted from the first byte of the next request, however slowly the others come.
            self._end_after(HEAD_TIME)

    def on_response_complete(self) -> None:
        self._stop_timer()
        super().on_response_complete()
        if self._timer is None:
            # It closes, as soon as its answer is read.
            self._end_after(HEAD_TIME)

    def _end_after(self, seconds: float) -> None:
        self._stop_timer()
        # Not closed: what nobody reads would be waited for.
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

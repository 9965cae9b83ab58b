"""Bodies of requests, counted while they are read and read within a time, whether or not their length is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Seconds until a body that does not end is given up.
BODY_TIME = 30.0


class _TooLargeError(Exception):
    """A body of more bytes than are allowed."""


class _GoneError(Exception):
    """The client left before its body ended."""


class BoundedBodies:
    """The application, which gets each body whole: at most `most(scope)` bytes, within `BODY_TIME`."""

    def __init__(self, app: ASGIApp, *, most: Callable[[Scope], int]) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._most(scope)
        try:
            body = await asyncio.wait_for(_read(receive, most), BODY_TIME)
        except _GoneError:
            return
        except _TooLargeError:
            await _refused(413, f"expected at most {most:,} bytes", scope, receive, send)
        except TimeoutError:
            await _refused(408, f"expected the whole body within {BODY_TIME:.0f} seconds", scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)


async def _read(receive: Receive, most: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        body += message.get("body", b"")
        if len(body) > most:
            raise _TooLargeError
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body as one message, then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


async def _refused(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    # The rest of the body is not read: the connection ends with the answer.
    await JSONResponse({"error": why}, status_code=status, headers={"Connection": "close"})(scope, receive, send)

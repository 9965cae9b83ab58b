"""Where Label Studio's webhooks arrive: a hint says that there is news, never what it is.

Label Studio signs nothing; a secret of ours in a header keeps strangers from keeping us busy. It waits a second
for an answer while somebody's saving waits for it, so the answer comes before any work is done.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

#: The header that the secret is in.
HEADER = "X-Clincurate-Secret"

PATH = "/hints"

#: Seconds until a caller who does not say what they want is hung up on.
PATIENCE = 5.0

#: A hint is a few words long.
LONGEST = 65_536


class Hints:
    """A server for hints; a context manager. `on_hint` is called on the caller's thread and must not wait."""

    def __init__(self, host: str, port: int, secret: str, on_hint: Callable[[], None]) -> None:
        self._server = ThreadingHTTPServer((host, port), _handler(secret, on_hint))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="hints", daemon=True)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(secret: str, on_hint: Callable[[], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE
        server_version = "clincurate"
        sys_version = ""

        def do_POST(self) -> None:
            if urlsplit(self.path).path != PATH:
                return self._answer(404)
            given = self.headers.get(HEADER, "")
            # Compared in a time that does not tell how much of it was right.
            if not hmac.compare_digest(given.encode("latin-1", "replace"), secret.encode()):
                return self._answer(403)
            on_hint()
            return self._answer(202)

        def _answer(self, status: int) -> None:
            # What it says is not read: it would only be believed, and the truth is looked up.
            self.close_connection = True
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            self._drain()

        def _drain(self) -> None:
            # Closed with words unread, the connection would be reset and the answer lost.
            length = self.headers.get("Content-Length", "")
            if length.isdecimal():
                self.rfile.read(min(int(length), LONGEST))

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the words of a stranger do not belong in a log."""

    return Handler

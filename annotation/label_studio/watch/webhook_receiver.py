"""The receiver of Label Studio's webhooks: each is a hint that there is news, without the news.

Label Studio does not sign webhooks; a secret of ours in a header keeps out requests of others. A save in Label
Studio waits up to a second for the answer, so the answer is sent before any work is done.
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

#: Seconds until a connection without a complete request is closed.
REQUEST_TIMEOUT = 5.0

#: Most bytes of a hint.
LONGEST = 65_536


class HintServer:
    """A server for hints; a context manager. `on_hint` is called in the request's thread and must not block."""

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
        timeout = REQUEST_TIMEOUT
        server_version = "clincurate"
        sys_version = ""

        def do_POST(self) -> None:
            if urlsplit(self.path).path != PATH:
                return self._answer(404)
            given = self.headers.get(HEADER, "")
            # Compared in constant time.
            if not hmac.compare_digest(given.encode("latin-1", "replace"), secret.encode()):
                return self._answer(403)
            on_hint()
            return self._answer(202)

        def _answer(self, status: int) -> None:
            # The body is not used: the news is pulled from the server.
            self.close_connection = True
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()
            self._drain()

        def _drain(self) -> None:
            # A connection that is closed with unread bytes is reset, which loses the answer.
            length = self.headers.get("Content-Length", "")
            if length.isdecimal():
                self.rfile.read(min(int(length), LONGEST))

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing: the content of a request may come from anyone."""

    return Handler

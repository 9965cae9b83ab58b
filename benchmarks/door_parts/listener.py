"""A server on the loopback address that keeps what it hears, and may point to another one."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Self


class Listener:
    """Answers every request with an error, or with the address of another server; `heard` has a line for each."""

    def __init__(self, *, points_to: str | None = None) -> None:
        heard: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                heard.append(f"{self.command} {self.path} {self.headers.get('authorization', '')}")
                if points_to is None:
                    self.send_error(500)
                    return
                self.send_response(307)
                self.send_header("location", points_to)
                self.end_headers()

            do_POST = do_GET = do_HEAD = _answer  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing is printed."""

        self.heard = heard
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

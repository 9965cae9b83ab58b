"""A real HTTP proxy before a server on 127.0.0.1; its subclass decides what happens to each request.

class Refusing(Forwarding):
    def exchange(self, body):
        return (503, b"") if self.path == "/busy" else self.forward(body)

with listening(Refusing, port) as url:
    httpx.get(url)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Forwarding(BaseHTTPRequestHandler):
    """Hands every request on, and its answer back."""

    protocol_version = "HTTP/1.1"
    #: The port of the server behind the proxy.
    behind: int

    def exchange(self, body: bytes) -> tuple[int, bytes]:
        """Status and content of the answer to this request."""
        return self.forward(body)

    def forward(self, body: bytes) -> tuple[int, bytes]:
        """What the server answers."""
        onward = HTTPConnection("127.0.0.1", self.behind, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        onward.request(self.command, self.path, body=body or None, headers=headers)
        answer = onward.getresponse()
        content = answer.read()
        onward.close()
        return answer.status, content

    def handle_any(self) -> None:
        """One request."""
        status, content = self.exchange(self.rfile.read(int(self.headers.get("content-length") or 0)))
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # who asked was killed

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def is_import(self) -> bool:
        """Whether tasks are brought."""
        return self.path.partition("?")[0].endswith("/import")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Listening(ThreadingHTTPServer):
    """A server that does not wait for its connections."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections of the killed break in the middle."""


@contextmanager
def listening(handler: type[Forwarding], port: int) -> Iterator[str]:
    """The address of a proxy before the server at a port."""
    server = Listening(("127.0.0.1", 0), type(handler.__name__, (handler,), {"behind": port}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

"""A proxy before Label Studio that loses answers after the work is done, as proxies do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: What becomes of an import: its answer is handed on, is lost behind a 502, or is never given.
PASS, LOST, HELD = "pass", "502", "held"


@dataclass
class Proxy:
    """`fate` says what becomes of each import; `counts` is how often each came."""

    url: str
    fate: Callable[[], str]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((PASS, LOST, HELD), 0))
    #: Set when an import comes; whoever waits for the next one clears it.
    arrived: threading.Event = field(default_factory=threading.Event)
    #: Seconds that a held answer is held for.
    hold: float = 5.0


@contextmanager
def proxy(port: int, fate: Callable[[], str]) -> Iterator[Proxy]:
    """The proxy before the server on 127.0.0.1 at a port."""
    state = Proxy("", fate)
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            is_import = self.path.partition("?")[0].endswith("/import")
            if is_import:
                state.arrived.set()
            status, content = self.forward(body)
            if is_import:
                fate = state.fate()
                state.counts[fate] += 1
                if fate == HELD:
                    over.wait(state.hold)
                if fate != PASS:
                    status, content = 502, b"<html>bad gateway</html>"
            self.answer(status, content)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def forward(self, body: bytes) -> tuple[int, bytes]:
            onward = HTTPConnection("127.0.0.1", port, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            onward.request(self.command, self.path, body=body or None, headers=headers)
            answer = onward.getresponse()
            content = answer.read()
            onward.close()
            return answer.status, content

        def answer(self, status: int, content: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                self.close_connection = True  # who asked was killed

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing: connections of the killed break in the middle."""

    listening = Server(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{listening.server_address[1]}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        over.set()
        listening.shutdown()
        listening.server_close()

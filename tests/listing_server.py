"""A server that lists its models, as OpenAI's do, and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class ListingServer:
    """Its address, what it answers (a status and a body), and what was asked: paths and keys."""

    url: str = ""
    answer: tuple[int, bytes] = (200, json.dumps({"data": [{"id": "m"}, {"id": "other"}]}).encode())
    seen: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def listing_server() -> Iterator[ListingServer]:
    """One on a free port of this machine."""
    state = ListingServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.seen.append((self.path, self.headers.get("authorization")))
            status, content = state.answer
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""A server that lists its models, as OpenAI's do, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from http_server import QuietHandler, served_by


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

    class Handler(QuietHandler):
        def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
            state.seen.append((self.path, self.headers.get("authorization")))
            self.reply(*state.answer)

    with served_by(Handler) as address:
        state.url = f"{address}/v1"
        yield state

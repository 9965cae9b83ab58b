"""A server that speaks OpenAI's embeddings over real HTTP; what it answers is up to the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from http_server import QuietHandler, served_by

Body = dict[str, Any]


def counts(text: str) -> list[float]:
    """A vector of a text: how often it has each of six letters."""
    return [1.0 + text.lower().count(letter) for letter in "aeinst"]


def vectors(body: Body) -> tuple[int, Body]:
    """The answer of a server that is as it should be."""
    rows = [{"index": index, "embedding": counts(text)} for index, text in enumerate(body["input"])]
    return 200, {"object": "list", "model": body["model"], "data": rows}


@dataclass
class EmbeddingServer:
    """What the server was asked, and how it answers: a status, and what stands in the body."""

    url: str
    respond: Callable[[Body], tuple[int, object]] = vectors
    requests: list[Body] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """All texts that came, in any order."""
        return [text for body in self.requests for text in body["input"]]


@contextmanager
def embedding_server() -> Iterator[EmbeddingServer]:
    """A server on a free port of this machine."""
    state = EmbeddingServer("")

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            state.requests.append(body)
            state.keys.append(self.headers.get("authorization"))
            state.paths.append(self.path)
            status, answer = state.respond(body)
            self.reply(status, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    with served_by(Handler) as address:
        state.url = f"{address}/v1"
        yield state

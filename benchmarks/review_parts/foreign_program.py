"""Somebody's program on 127.0.0.1 that answers as a back end, a webhook or a page does, and what it was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from review_parts.forwarding_proxy import Forwarding, listening

ANSWER = b'{"status": "UP", "model_version": "theirs", "note": "a page of this machine"}'


@dataclass
class ForeignProgram:
    """Its address, and the path and body of each request that has one."""

    url: str = ""
    got: list[tuple[str, str]] = field(default_factory=list)

    def bodies(self, path: str) -> list[Any]:
        """The JSON that was sent to a path."""
        return [json.loads(body) for sent_to, body in self.got if sent_to == path]


@contextmanager
def foreign_program() -> Iterator[ForeignProgram]:
    """The program while it listens."""
    program = ForeignProgram()

    class Keeping(Forwarding):
        """Keeps what it is asked instead of handing it on."""

        def exchange(self, body: bytes) -> tuple[int, bytes]:
            """The same answer to everything."""
            if body:
                program.got.append((self.path, body.decode("utf-8", "replace")))
            return 200, ANSWER

    with listening(Keeping, 0) as program.url:
        yield program

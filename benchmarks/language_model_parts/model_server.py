"""The server of `server.py` in a process of its own, and what it has counted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import Request, urlopen

SERVER = Path(__file__).with_name("server.py")

#: When a request began, and when it was answered.
Times = tuple[float, float | None]


@dataclass(frozen=True)
class ModelServer:
    """A server that runs."""

    port: int

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    def asked(self) -> dict[int, list[Times]]:
        """The times of all requests about each case."""
        with urlopen(f"http://127.0.0.1:{self.port}/asked") as answer:
            return {int(number): [(t[0], t[1]) for t in times] for number, times in json.loads(answer.read()).items()}

    def forget(self) -> None:
        """Begin to count anew."""
        urlopen(Request(f"http://127.0.0.1:{self.port}/forget", method="POST")).close()


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A server on a free port, ended with the block."""
    with subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield ModelServer(int(process.stdout.readline()))
        finally:
            process.terminate()

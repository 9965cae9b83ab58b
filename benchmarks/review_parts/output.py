"""Where parts write: pictures into the folder that `--out` names, lines in one piece when several parts run at once."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from pathlib import Path
from typing import TextIO

_chosen: list[Path] = []
_kept: ContextVar[io.StringIO | None] = ContextVar("kept", default=None)


def write_to(folder: Path) -> None:
    """From now on, parts write into the folder."""
    _chosen[:] = [folder]


def output_folder() -> Path | None:
    """The folder for files, if one was named."""
    return _chosen[0] if _chosen else None


class _Told(io.TextIOBase):
    """Standard output, but for threads whose lines are kept until they are done."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return (_kept.get() or self._out).write(text)

    def flush(self) -> None:
        self._out.flush()


@contextmanager
def told_apart() -> Iterator[None]:
    """Inside, `in_one_piece` works."""
    with redirect_stdout(_Told(sys.stdout)):
        yield


@contextmanager
def in_one_piece() -> Iterator[None]:
    """What this thread prints inside comes out at the end, with no other lines between."""
    token = _kept.set(io.StringIO())
    try:
        yield
    finally:
        kept = _kept.get()
        _kept.reset(token)
        if kept is not None:
            print(kept.getvalue(), end="", flush=True)

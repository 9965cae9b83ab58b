"""What a step reports to its caller while it works: progress of its records, and lines for people.

A step takes both as arguments and shows nothing by itself; `pipeline/commands` gives bars and lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Advance(Protocol):
    """Called with how many more records are through, how many of them failed, the tokens and money spent since, and a
    word on how it goes, which stays until the next one."""

    def __call__(
        self, records: int, failed: int = 0, *, tokens: int = 0, cost: float = 0.0, note: str = ""
    ) -> None: ...


class ProgressBar(Protocol):
    """Shows the progress of work on `total` records while it lasts; an unknown total is None."""

    def __call__(self, title: str, total: int | None) -> AbstractContextManager[Advance]: ...


#: Called with a line for people.
Notify = Callable[[str], None]


def silent(records: int, failed: int = 0, *, tokens: int = 0, cost: float = 0.0, note: str = "") -> None:
    """Progress that is not shown."""


@contextmanager
def no_progress(title: str, total: int | None) -> Iterator[Advance]:
    """Work whose progress is not shown."""
    yield silent


def not_notified(line: str) -> None:
    """A line that is not shown."""

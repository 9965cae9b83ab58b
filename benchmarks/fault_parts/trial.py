"""A fault and what was there afterwards, compared by content with a run that nothing disturbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trial:
    """One fault: what was done, and counts of what was lost, doubled or unequal, and of tracebacks printed."""

    fault: str
    tried: int = 1
    lost: int = 0
    doubled: int = 0
    unequal: int = 0
    tracebacks: int = 0
    #: Where it could not be tried here (no PostgreSQL, no small disk): the reason.
    not_measured: str = ""


#: The trials of a module: it gets an empty folder, and whether only the quick ones are wanted.
Trials = Callable[[Path, bool], Iterator[Trial]]

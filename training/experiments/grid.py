"""A grid of cells, one after the other: what is in the ledger is not done again, and a killed one goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from curation.errors import UsageError
from training.experiments.ledger import CellLedger, FinishedCell

#: Called with how much is done, in the units of a cell's size, and a word on how it goes: by a cell with what of it is
#: done, by a grid with what more is.
OnProgress = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class GridCell:
    """A cell by its key, which is part of a file's name, with its parameters and how much work it is."""

    key: str
    parameters: dict[str, JsonValue]
    #: A digest of all that its figures depend on.
    content: str
    size: int = 1
    #: Digests that earlier versions gave to the same contents.
    former: tuple[str, ...] = ()

    def is_of(self, content: str) -> bool:
        """Whether a finished cell's contents are these."""
        return content in (self.content, *self.former)


class CellRunner(Protocol):
    """Makes a cell complete; its words on the way go to the caller."""

    def __call__(self, cell: GridCell, advance: OnProgress) -> FinishedCell: ...


def waiting(cells: Sequence[GridCell], ledger: CellLedger) -> list[GridCell]:
    """The cells that are not finished. Raises UsageError where one of that key was finished with other contents."""
    for cell in cells:
        done = ledger.cells.get(cell.key)
        if done is not None and not cell.is_of(done.content):
            raise UsageError(
                f"expected the cell {cell.key} as it was measured on {done.finished:%Y-%m-%d %H:%M}, got other "
                "contents (a model, a file or a version has changed); choose another --name"
            )
    return [cell for cell in cells if cell.key not in ledger.cells]


def run_grid(
    cells: Sequence[GridCell],
    ledger: CellLedger,
    run: CellRunner,
    on_progress: OnProgress,
    *,
    on_finished: Callable[[str], object] = lambda key: None,
) -> list[FinishedCell]:
    """All cells finished, in their order; each is in the ledger before the next begins.

    on_finished: called with the key of a cell that has come into the ledger.
    """
    left = waiting(cells, ledger)
    before = len(cells) - len(left)
    for number, cell in enumerate(left, start=before + 1):
        told = 0

        def advance(done: int, note: str = "", *, number: int = number, cell: GridCell = cell) -> None:
            nonlocal told
            more = max(0, min(done, cell.size) - told)
            told += more
            words = f"cell {number} of {len(cells)} ({cell.key})"
            on_progress(more, f"{words}, {note}" if note else words)

        advance(0)
        ledger.add(run(cell, advance))
        on_finished(cell.key)
        advance(cell.size)
    return [ledger.cells[cell.key] for cell in cells]

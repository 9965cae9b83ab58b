"""The ledger of an experiment: one line of JSON for each finished cell, written once that cell is complete.

What a killed process has left of a line is cut off by the next one; a cell is in the ledger whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue, ValidationError

from curation.errors import UsageError
from curation.record import Frozen
from training.experiments.spent import Spent

LEDGER = "ledger.jsonl"


class MeasuredFigure(Frozen):
    """One figure with its 95 % interval over test documents; None where there is nothing to divide by."""

    value: float | None
    interval: tuple[float, float] | None = None


class FinishedCell(Frozen):
    """One cell of a grid: what it was, what came out, and what it took. No wording, no ids."""

    key: str
    parameters: dict[str, JsonValue]
    #: Digests of all that the figures depend on: the settings with what was learnt from, and the test documents.
    content: str
    test: str = ""
    #: By the name of the figure, over all test documents and in each language.
    scores: dict[str, MeasuredFigure] = Field(default_factory=dict)
    languages: dict[str, dict[str, MeasuredFigure]] = Field(default_factory=dict)
    #: By the category, the strict figure.
    categories: dict[str, MeasuredFigure] = Field(default_factory=dict)
    documents: int = 0
    #: Test records that the cell gave no answer for.
    failed: int = 0
    #: Why there are no scores: nothing to learn from.
    left_out: str | None = None
    spent: Spent = Spent()
    details: dict[str, JsonValue] = Field(default_factory=dict)
    finished: datetime = Field(default_factory=lambda: datetime.now(UTC))

    def score(self, name: str) -> float | None:
        """A figure's value; None where it was not measured."""
        return figure.value if (figure := self.scores.get(name)) else None


class CellLedger:
    """The finished cells of an experiment by their keys, in a file that only grows.

    Raises UsageError for a file that is no ledger.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / LEDGER
        self._cells = {cell.key: cell for cell in _read(self._file)}

    @property
    def cells(self) -> Mapping[str, FinishedCell]:
        """All finished cells, in the order in which they ended."""
        return self._cells

    def add(self, cell: FinishedCell) -> None:
        """One more finished cell, on the disk when this returns."""
        line = cell.model_dump_json() + "\n"
        opened = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(opened, "ab") as stream:
            stream.write(line.encode("utf-8", "surrogatepass"))
            stream.flush()
            os.fsync(stream.fileno())
        self._cells[cell.key] = cell


def _read(file: Path) -> list[FinishedCell]:
    if not file.is_file():
        return []
    content = file.read_bytes()
    whole = content.rpartition(b"\n")[0]
    if content and not content.endswith(b"\n"):
        os.truncate(file, len(whole) + 1 if whole else 0)
    cells: list[FinishedCell] = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            cells.append(FinishedCell.model_validate_json(line))
        except (ValidationError, ValueError) as error:
            raise UsageError(
                f"expected a finished cell in line {number} of {file}, it cannot be read ({type(error).__name__}); "
                "remove the line, and that cell is measured again"
            ) from error
    return cells


def plain_cell(cell: FinishedCell) -> dict[str, Any]:
    """The cell for a result's JSON."""
    return cell.model_dump(mode="json")

"""Rows of measurements in a file, each under the digest of what was measured: what is there is not measured again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: The rows of whole runs, which stand in the repository: what was measured there is not measured again elsewhere.
MEASURED = Path(__file__).parents[1] / "measured"


class MeasuredRows:
    """The rows of one file of JSON lines, which several processes may add to."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> dict[str, dict[str, Any]]:
        """What was measured, by its digest; of a line that was cut off, nothing."""
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        return {row["digest"]: row for row in map(_row, lines) if row}

    def add(self, row: dict[str, Any]) -> None:
        """One more row; what a kill has left of one ends before it."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        whole = not self._file.exists() or self._file.read_bytes().endswith(b"\n")
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{'' if whole else chr(10)}{json.dumps(row)}\n")


def _row(line: str) -> dict[str, Any] | None:
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return row

"""What was counted in each document, added up by group: figures, their intervals and comparisons all rest on sums.

A document's share of a figure is a row of numbers that add up (matched, gold, predicted; or a sum and how many there
are), so that memory does not grow with the number of documents, and a resample of groups is a weighted sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from zlib import crc32

from curation.scoring.bootstrap import Array

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A figure by its table and its row, such as ("strict", "age"); the row of the whole table is TOTAL.
Key = tuple[str, str]
TOTAL = ""
#: What one document adds to each figure.
DocumentCounts = Mapping[Key, tuple[float, ...]]

#: So many groups are resampled each on its own; of more, those that come later share these at random (by their names),
#: which leaves the intervals as they are and bounds the memory.
MOST_BLOCKS = 5_000


class DocumentTally:
    """Sums by figure and group. Groups are patients: documents of one patient are drawn together or not at all."""

    def __init__(self, *, most_blocks: int = MOST_BLOCKS) -> None:
        self._most = most_blocks
        self._blocks: dict[str, int] = {}
        self._sums: dict[Key, dict[int, list[float]]] = {}
        self.documents = 0

    def add(self, group: str, counts: DocumentCounts) -> None:
        """Add what was counted in a document of a group."""
        self.documents += 1
        block = self._block(group)
        for key, values in counts.items():
            rows = self._sums.setdefault(key, {})
            known = rows.get(block)
            rows[block] = list(values) if known is None else [sum(pair) for pair in zip(known, values, strict=True)]

    def _block(self, group: str) -> int:
        if group not in self._blocks and len(self._blocks) >= self._most:
            return crc32(group.encode("utf-8", "surrogatepass")) % self._most
        return self._blocks.setdefault(group, len(self._blocks))

    @property
    def groups(self) -> int:
        """How many groups, or blocks of groups, are resampled."""
        return len(self._blocks)

    def rows(self, table: str) -> list[str]:
        """The rows of a table but for its total, in the order in which they came."""
        return [row for name, row in self._sums if name == table and row != TOTAL]

    def tables(self) -> list[str]:
        """The tables in the order in which they came."""
        return list(dict.fromkeys(table for table, _ in self._sums))

    def total(self, key: Key, width: int) -> list[float]:
        """The sums of a figure over all documents; noughts where nothing was counted."""
        totals = [0.0] * width
        for values in self._sums.get(key, {}).values():
            totals = [sum(pair) for pair in zip(totals, values, strict=True)]
        return totals

    def counts(self, key: Key, width: int) -> Array:
        """The sums of a figure by group, shape (groups, width)."""
        return self.table([key], width)[:, 0]

    def table(self, keys: Sequence[Key], width: int) -> Array:
        """The sums of several figures by group, shape (groups, figures, width)."""
        import numpy as np

        found = np.zeros((len(self._blocks), len(keys), width), dtype=np.float64)
        for column, key in enumerate(keys):
            for block, values in self._sums.get(key, {}).items():
                found[block, column] = values
        return found


def in_order(rows: Iterable[str], order: Sequence[str]) -> list[str]:
    """The rows that a scheme names in its order, then any others by name."""
    seen = set(rows)
    return [row for row in order if row in seen] + sorted(seen - set(order))

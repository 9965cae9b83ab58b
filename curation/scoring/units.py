"""The labels that each layer gives to each token, or character, of a record: the units that kappa and alpha count."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from curation.scoring.marks import Key, Marks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: A word with its digits, or a single sign: every character but white space is in exactly one token.
TOKEN = re.compile(r"\w+|[^\w\s]")

#: The label of a unit that is not marked.
OUTSIDE: frozenset[Key] = frozenset()


class Labels:
    """Numbers for what a unit can be marked as: the set of its categories, since marks may overlap."""

    def __init__(self) -> None:
        self._codes: dict[frozenset[Key], int] = {OUTSIDE: 0}

    def __len__(self) -> int:
        return len(self._codes)

    def code(self, keys: frozenset[Key]) -> int:
        """The number of a set of categories; unmarked is 0."""
        return self._codes.setdefault(keys, len(self._codes))

    def members(self, categories: Sequence[str]) -> NDArray[np.bool_]:
        """Which categories each label has: shape (labels, categories)."""
        import numpy as np

        table = [[category in {name for name, _ in keys} for category in categories] for keys in self._codes]
        return np.array(table, dtype=bool).reshape(len(self._codes), len(categories))


def units_of(text: str, unit: Literal["token", "character"]) -> list[tuple[int, int]]:
    """The spans of a text's units; white space is in none."""
    pattern = TOKEN if unit == "token" else re.compile(r"\S")
    return [match.span() for match in pattern.finditer(text)]


def codes_of(marks: Marks, units: Sequence[tuple[int, int]], labels: Labels) -> NDArray[np.int32]:
    """The label of each unit: a unit is in a mark when they share a character."""
    import numpy as np

    starts = np.array([start for start, _ in units], dtype=np.int64)
    ends = np.array([end for _, end in units], dtype=np.int64)
    keys_of: dict[int, set[Key]] = {}
    for key, marked in marks.items():
        for start, end in (fragment for spans in marked for fragment in spans):
            first, after = np.searchsorted(ends, start, side="right"), np.searchsorted(starts, end, side="left")
            for unit in range(int(first), int(after)):
                keys_of.setdefault(unit, set()).add(key)
    codes = np.zeros(len(units), dtype=np.int32)
    for unit, keys in keys_of.items():
        codes[unit] = labels.code(frozenset(keys))
    return codes

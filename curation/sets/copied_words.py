"""Rows of words that a text has from other texts: what was written anew has no long ones."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence

from curation.text.folding import composed

WORD = re.compile(r"\w+")


class CopiedWordsIndex:
    """All rows of so many words of some texts, by a number of eight bytes each; texts themselves are not kept."""

    def __init__(self, texts: Iterable[str], *, length: int) -> None:
        self.length = length
        numbers = array("q")
        for text in texts:
            numbers.extend(_rows(_words(text), length))
        import numpy as np

        self._numbers = np.unique(np.frombuffer(numbers, dtype=np.int64)) if numbers else np.zeros(0, dtype=np.int64)

    def longest(self, text: str, exempt: Sequence[str] = ()) -> int:
        """The words of the longest row that the texts have too, and none of the exempt ones; 0 where it is shorter."""
        rows = list(_rows(_words(text), self.length))
        free = {row for other in exempt for row in _rows(_words(other), self.length)}
        found = [row not in free and known for row, known in zip(rows, self._has(rows), strict=True)]
        return _longest(found) + self.length - 1 if any(found) else 0

    def share(self, text: str, other: str) -> float:
        """The share of a text's words in rows of that length that stand in the other text."""
        words = _words(text)
        known = set(_rows(_words(other), self.length))
        covered = [False] * len(words)
        for start, row in enumerate(_rows(words, self.length)):
            if row in known:
                covered[start : start + self.length] = [True] * self.length
        return sum(covered) / len(words) if words else 0.0

    def _has(self, rows: Sequence[int]) -> Sequence[bool]:
        import numpy as np

        if not rows or not len(self._numbers):
            return [False] * len(rows)
        wanted = np.array(rows, dtype=np.int64)
        places = np.minimum(np.searchsorted(self._numbers, wanted), len(self._numbers) - 1)
        found: list[bool] = (self._numbers[places] == wanted).tolist()
        return found


def _words(text: str) -> list[str]:
    return WORD.findall(composed(text))


def _rows(words: Sequence[str], length: int) -> Iterator[int]:
    """A number for each row of so many words; equal rows have equal numbers within a process."""
    return (hash(tuple(words[start : start + length])) for start in range(len(words) - length + 1))


def _longest(found: Sequence[bool]) -> int:
    longest = row = 0
    for is_found in found:
        row = row + 1 if is_found else 0
        longest = max(longest, row)
    return longest

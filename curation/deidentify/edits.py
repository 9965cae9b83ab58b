"""Edits of a text, and where everything that stood in it stands afterwards."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from curation.deidentify.identifiers.identifier import IdentifierKind

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """A stretch of the old text (end-exclusive, code points), what stands there in the new one, and why."""

    start: int
    end: int
    text: str
    kind: IdentifierKind


class Edits:
    """Edits that do not overlap, in order."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits: Sequence[Edit] = sorted(edits)
        for left, right in pairwise(self.edits):
            if right.start < left.end:
                raise ValueError(f"expected edits apart, got {left.start}-{left.end} and {right.start}-{right.end}")
        self._starts = [edit.start for edit in self.edits]
        self._ends = [edit.end for edit in self.edits]
        # How far everything behind the first n edits has moved.
        self._moved = [0, *accumulate(len(edit.text) - (edit.end - edit.start) for edit in self.edits)]

    def apply(self, text: str) -> str:
        """The new text."""
        parts: list[str] = []
        at = 0
        for edit in self.edits:
            parts += (text[at : edit.start], edit.text)
            at = edit.end
        return "".join([*parts, text[at:]])

    def undone(self, text: str) -> Edits:
        """The edits that make the old text of the new one."""
        moved = zip(self.edits, self._moved, strict=False)
        return Edits(
            Edit(edit.start + by, edit.start + by + len(edit.text), text[edit.start : edit.end], edit.kind)
            for edit, by in moved
        )

    def touch(self, span: Span) -> bool:
        """Whether an edit changes something of a stretch of the old text."""
        return bisect_right(self._ends, span[0]) < bisect_left(self._starts, span[1])

    def span(self, span: Span) -> Span:
        """Where a stretch of the old text stands in the new one; what cuts an edit gets all of its text."""
        start, end = span
        first = bisect_right(self._ends, start)
        cut = first < len(self.edits) and self._starts[first] < start
        new_start = (self._starts[first] if cut else start) + self._moved[first]
        last = bisect_left(self._starts, end)
        if last and self._ends[last - 1] > end:
            edit = self.edits[last - 1]
            return new_start, edit.start + self._moved[last - 1] + len(edit.text)
        return new_start, end + self._moved[last]

    def spans(self, spans: Iterable[Span]) -> list[Span]:
        """Where several stretches stand; those that have come to cut the same edit become one."""
        found: list[Span] = []
        for start, end in map(self.span, spans):
            if found and start < found[-1][1]:
                found[-1] = (found[-1][0], max(end, found[-1][1]))
            else:
                found.append((start, end))
        return found

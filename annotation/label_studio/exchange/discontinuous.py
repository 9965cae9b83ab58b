"""Discontinuous entities: Label Studio has single spans only, which relations join to entities of several."""

from __future__ import annotations

from collections.abc import Mapping

from curation.record import Entity

#: Most fragments of one entity; the time to join them grows with their number.
MOST_FRAGMENTS = 100


class FragmentChains:
    """Chains of regions, each of which is one entity."""

    def __init__(self, regions: Mapping[str, Entity]) -> None:
        self._regions = regions
        self._next: dict[str, str] = {}
        self._previous: dict[str, str] = {}

    def join(self, head: str, tail: str) -> str | None:
        """Join two regions; the reason where they cannot be joined, or None."""
        if self._regions[head].category != self._regions[tail].category:
            return "expected fragments of one category, got two categories"
        if head in self._next or tail in self._previous or tail in self.of(head):
            return "expected fragments in one chain, got a fork or a ring"
        if len(self.of(head)) + len(self.of(tail)) > MOST_FRAGMENTS:
            return f"expected at most {MOST_FRAGMENTS} fragments of one entity, got more"
        if any(self._overlap(first, second) for first in self.of(head) for second in self.of(tail)):
            return "expected fragments apart from each other, got overlapping ones"
        self._next[head] = tail
        self._previous[tail] = head
        return None

    def firsts(self) -> list[str]:
        """The first region of each chain; a single region is a chain of one."""
        return [id for id in self._regions if id not in self._previous]

    def of(self, id: str) -> list[str]:
        """The whole chain of a region, from its first region on."""
        while id in self._previous:
            id = self._previous[id]
        chain = [id]
        while chain[-1] in self._next:
            chain.append(self._next[chain[-1]])
        return chain

    def _overlap(self, first: str, second: str) -> bool:
        left, right = self._regions[first], self._regions[second]
        return left.start < right.end and right.start < left.end

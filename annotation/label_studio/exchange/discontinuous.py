"""Fragments that belong together: Label Studio's spans are single, ours may be discontinuous."""

from __future__ import annotations

from collections.abc import Mapping

from curation.record import Entity

#: Fragments of one entity: more are somebody's joke, and would take long to read.
LONGEST = 100


class Chains:
    """Regions joined one after the other into entities."""

    def __init__(self, regions: Mapping[str, Entity]) -> None:
        self._regions = regions
        self._next: dict[str, str] = {}
        self._before: dict[str, str] = {}

    def join(self, head: str, tail: str) -> str | None:
        """Why the two cannot be joined; None once they are."""
        if self._regions[head].category != self._regions[tail].category:
            return "expected fragments of one category, got two categories"
        if head in self._next or tail in self._before or tail in self.of(head):
            return "expected fragments in one chain, got a fork or a ring"
        if len(self.of(head)) + len(self.of(tail)) > LONGEST:
            return f"expected at most {LONGEST} fragments of one entity, got more"
        if any(self._overlap(one, other) for one in self.of(head) for other in self.of(tail)):
            return "expected fragments apart from each other, got overlapping ones"
        self._next[head] = tail
        self._before[tail] = head
        return None

    def firsts(self) -> list[str]:
        """The region that stands for each chain; a region by itself is a chain of one."""
        return [id for id in self._regions if id not in self._before]

    def of(self, id: str) -> list[str]:
        """The whole chain that a region is in, from its first."""
        while id in self._before:
            id = self._before[id]
        chain = [id]
        while chain[-1] in self._next:
            chain.append(self._next[chain[-1]])
        return chain

    def _overlap(self, one: str, other: str) -> bool:
        left, right = self._regions[one], self._regions[other]
        return left.start < right.end and right.start < left.end

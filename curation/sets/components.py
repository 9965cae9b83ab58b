"""Components of ids that ties connect, directly or through others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def connected_components(ids: Iterable[str], ties: Iterable[Sequence[str]]) -> list[list[str]]:
    """The ids in components, each in the ids' order; the members of a tie are in one, and unknown ids are left out.

    A disjoint-set forest with path halving (Tarjan and van Leeuwen 1984).
    """
    parent = {id: id for id in ids}

    def root(id: str) -> str:
        while parent[id] != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    for tie in ties:
        present = [id for id in tie if id in parent]
        for other in present[1:]:
            parent[root(other)] = root(present[0])
    components: dict[str, list[str]] = {}
    for id in parent:
        components.setdefault(root(id), []).append(id)
    return list(components.values())

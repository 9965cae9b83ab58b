"""What an adapter learnt from, as counts and a digest: no wording."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pydantic import JsonValue

from curation.record import digest

if TYPE_CHECKING:
    from training.examples import Pair


class LearntFrom:
    """Pairs that pass through, noted for the manifest."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        self._pairs = pairs
        self._languages: set[str] = set()
        self._sources: set[str] = set()
        self._licences: set[str] = set()
        self._members: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Pair]:
        self._members = []
        for record, layer in self._pairs:
            self._languages.add(record.language)
            self._sources.add(record.source)
            self._licences.add(record.licence or "not stated")
            self._members.append((record.id, layer.digest))
            yield record, layer

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the records."""
        return tuple(sorted(self._languages))

    def to_json(self) -> dict[str, JsonValue]:
        """The records as counts and a digest."""
        return {
            "records": len(self._members),
            "sources": [*sorted(self._sources)],
            "licences": [*sorted(self._licences)],
            "digest": digest(sorted(self._members)),
        }


def again_and_again(pairs: Iterable[Pair]) -> Iterable[Pair]:
    """The same pairs, to be read several times: a list of what can be read only once."""
    return list(pairs) if iter(pairs) is pairs else pairs

"""The mark of a record whose identifiers were replaced: where its surrogates stand, so that nobody blames them.

The places stay in the workspace: outside it they would tell an identifier that was overlooked from a surrogate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.deidentify.identifiers.identifier import Identifier
from curation.record import Record

#: The key of a record's meta (and of a layer's provenance) that says so.
MARK = "deidentified"
#: A place as `Identifier.place` writes it.
PLACE = re.compile(r"(\d+)-(\d+):")


@dataclass(frozen=True, slots=True)
class Marked:
    """How identifiers were replaced, and where what took their place stands."""

    mode: str
    places: Sequence[Identifier]

    def as_json(self) -> dict[str, JsonValue]:
        """The mark itself."""
        return {"mode": self.mode, "places": [one.place for one in self.places]}


def is_marked(record: Record) -> bool:
    """Whether the record is one of this workspace whose identifiers were replaced: only here it has its places."""
    mark = record.meta.get(MARK)
    return isinstance(mark, dict) and "places" in mark


def surrogates(record: Record) -> list[tuple[int, int]]:
    """Where surrogates stand in the text of a record; nowhere in one that has no mark."""
    mark = record.meta.get(MARK)
    places = mark.get("places") if isinstance(mark, dict) else None
    if not isinstance(places, list):
        return []
    spans = [PLACE.match(str(place)) for place in places]
    return [(int(span[1]), int(span[2])) for span in spans if span]


def unplaced(record: Record) -> Record:
    """The record as it may leave the workspace: its mark without places."""
    mark = record.meta.get(MARK)
    if not isinstance(mark, dict):
        return record
    kept = {name: value for name, value in mark.items() if name != "places"}
    return record.model_copy(update={"meta": {**record.meta, MARK: kept}})

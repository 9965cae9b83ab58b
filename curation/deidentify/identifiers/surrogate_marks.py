"""The mark of a record whose identifiers were replaced: where its surrogates stand, so that they count as none.

The offsets stay in the workspace: outside it they would show which identifiers were overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.deidentify.identifiers.identifier import Identifier
from curation.record import Record

#: The key of a record's meta (and of a layer's provenance) that says so.
MARK = "deidentified"
#: Offsets as `Identifier.offsets` writes them.
OFFSETS = re.compile(r"(\d+)-(\d+):")
#: A shorter wording may be anything where no offsets say that it is a surrogate.
TELLING = 5


@dataclass(frozen=True, slots=True)
class SurrogateMark:
    """How identifiers were replaced, and where their surrogates stand."""

    mode: str
    surrogates: Sequence[Identifier]

    def as_json(self) -> dict[str, JsonValue]:
        """The mark itself."""
        return {"mode": self.mode, "places": [surrogate.offsets for surrogate in self.surrogates]}


def is_marked(record: Record) -> bool:
    """Whether the record is one of this workspace whose identifiers were replaced: only here it has offsets."""
    mark = record.meta.get(MARK)
    return isinstance(mark, dict) and "places" in mark


def surrogates(record: Record) -> list[tuple[int, int]]:
    """Where surrogates stand in the text of a record; nowhere in one that has no mark."""
    mark = record.meta.get(MARK)
    offsets = mark.get("places") if isinstance(mark, dict) else None
    if not isinstance(offsets, list):
        return []
    spans = [OFFSETS.match(str(written)) for written in offsets]
    return [(int(span[1]), int(span[2])) for span in spans if span]


def surrogates_within(text: str, records: Iterable[Record]) -> list[tuple[int, int]]:
    """Where surrogates of records stand in a text that quotes them, whole or in part.

    Where a record's whole text stands, these are its own offsets; elsewhere, wordings that are long enough.
    """
    spans: list[tuple[int, int]] = []
    for record in records:
        if offsets := surrogates(record):
            whole = [match.span() for match in re.finditer(re.escape(record.text), text)]
            spans += [(begin + start, begin + end) for begin, _ in whole for start, end in offsets]
            spans += _quoted(text, {record.text[start:end] for start, end in offsets}, whole)
    return spans


def _quoted(text: str, wordings: set[str], apart_from: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    telling = sorted((wording for wording in wordings if len(wording) >= TELLING), key=len, reverse=True)
    if not telling:
        return []
    found = (match.span() for match in re.finditer(rf"(?<!\w)(?:{'|'.join(map(re.escape, telling))})(?!\w)", text))
    return [(start, end) for start, end in found if not any(low <= start < high for low, high in apart_from)]


def unplaced(record: Record) -> Record:
    """The record as it may leave the workspace: its mark without offsets."""
    mark = record.meta.get(MARK)
    if not isinstance(mark, dict):
        return record
    without_offsets = {name: value for name, value in mark.items() if name != "places"}
    return record.model_copy(update={"meta": {**record.meta, MARK: without_offsets}})

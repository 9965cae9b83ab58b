"""The mark of a record whose identifiers were replaced: where its surrogates stand, so that they count as none.

The offsets stay in the workspace: outside it they would show which identifiers were overlooked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind
from curation.record import Record

#: The key of a record's meta (and of a layer's provenance) that says so.
MARK = "deidentified"
#: Offsets as `Identifier.offsets` writes them.
OFFSETS = re.compile(r"(\d+)-(\d+):(\w*)")
#: A shorter wording may be anything where no offsets say that it is a surrogate.
TELLING = 5
#: So many characters beside a shorter one tell that it is the surrogate.
BESIDE = 10


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
    return [surrogate.span for surrogate in surrogate_identifiers(record)]


def surrogate_identifiers(record: Record) -> list[Identifier]:
    """The surrogates in the text of a record with their kinds; none in one that has no mark."""
    mark = record.meta.get(MARK)
    offsets = mark.get("places") if isinstance(mark, dict) else None
    if not isinstance(offsets, list):
        return []
    found = [OFFSETS.match(str(written)) for written in offsets]
    kinds = {kind.value: kind for kind in IdentifierKind}
    return [
        Identifier(int(span[1]), int(span[2]), kinds.get(span[3], IdentifierKind.NAME), 1.0) for span in found if span
    ]


def stretch(record: Record, span: tuple[int, int]) -> Record:
    """A stretch of a record's text as the record, with where surrogates stand in it; they may be cut."""
    start, end = span
    mark = record.meta.get(MARK)
    if (start, end) == (0, len(record.text)) or not isinstance(mark, dict):
        return record
    within = [
        Identifier(max(each.start, start) - start, min(each.end, end) - start, each.kind, each.score)
        for each in surrogate_identifiers(record)
        if each.start < end and start < each.end
    ]
    cut = SurrogateMark(str(mark.get("mode")), within).as_json()
    return record.model_copy(update={"text": record.text[start:end], "meta": {**record.meta, MARK: cut}})


def surrogates_within(text: str, records: Iterable[Record]) -> list[tuple[int, int]]:
    """Where surrogates of records stand in a text that quotes them, whole or in part.

    Where a record's whole text stands, these are its own offsets; elsewhere, wordings that are long enough, and shorter
    ones with what stands beside them in the record.
    """
    spans: list[tuple[int, int]] = []
    for record in records:
        if offsets := surrogates(record):
            whole = [match.span() for match in re.finditer(re.escape(record.text), text)]
            spans += [(begin + start, begin + end) for begin, _ in whole for start, end in offsets]
            spans += _quoted(text, {record.text[start:end] for start, end in offsets}, whole)
            spans += _beside(text, record.text, [(start, end) for start, end in offsets if end - start < TELLING])
    return spans


def _quoted(text: str, wordings: set[str], apart_from: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    telling = sorted((wording for wording in wordings if len(wording) >= TELLING), key=len, reverse=True)
    if not telling:
        return []
    found = (match.span() for match in re.finditer(rf"(?<!\w)(?:{'|'.join(map(re.escape, telling))})(?!\w)", text))
    return [(start, end) for start, end in found if not any(low <= start < high for low, high in apart_from)]


def _beside(text: str, quoted: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where short surrogates stand with what is before or behind them in the text that is quoted."""
    spans: list[tuple[int, int]] = []
    for start, end in offsets:
        for left, right in ((max(0, start - BESIDE), end), (start, end + BESIDE)):
            if right - left - (end - start) >= BESIDE - 1:
                found = (match.start() for match in re.finditer(re.escape(quoted[left:right]), text))
                spans += [(begin + start - left, begin + end - left) for begin in found]
    return spans


def unplaced(record: Record) -> Record:
    """The record as it may leave the workspace: its mark without offsets."""
    mark = record.meta.get(MARK)
    if not isinstance(mark, dict):
        return record
    without_offsets = {name: value for name, value in mark.items() if name != "places"}
    return record.model_copy(update={"meta": {**record.meta, MARK: without_offsets}})

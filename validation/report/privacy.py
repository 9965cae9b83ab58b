"""Identifiers by kind: how many, in how many records; never a word of them."""

from __future__ import annotations

from collections import Counter

from pydantic import JsonValue

from validation.frame import Measured
from validation.measures.privacy import IDENTIFIER_COUNT, IDENTIFIER_KINDS


def privacy(measured: Measured) -> JsonValue:
    """How many texts were looked at, the identifiers by kind, and the records that hold some; None if none was."""
    if not (looked_at := len(measured.column(IDENTIFIER_COUNT))):
        return None
    identifiers: Counter[str] = Counter()
    records: Counter[str] = Counter()
    holding: dict[str, JsonValue] = {}
    for record_id in measured.ids():
        counts = measured(record_id, IDENTIFIER_KINDS)
        kinds = dict(_kind(str(count)) for count in counts) if isinstance(counts, list) else {}
        if kinds:
            identifiers.update(kinds)
            records.update(kinds.keys())
            holding[record_id] = dict(kinds)
    return {
        "looked_at": looked_at,
        "kinds": {kind: {"identifiers": count, "records": records[kind]} for kind, count in identifiers.most_common()},
        "records": holding,
    }


def _kind(counted: str) -> tuple[str, int]:
    """Kind and number of "NAME: 3"."""
    kind, _, count = counted.partition(": ")
    return kind, int(count)

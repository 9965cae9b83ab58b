"""Identifiers by kind: how many, in how many records; never a word of them."""

from __future__ import annotations

from collections import Counter

from pydantic import JsonValue

from validation.frame import Measured


def privacy(measured: Measured) -> JsonValue:
    """How many texts were looked at, the identifiers by kind, and the records that hold some; None if none was."""
    if not (looked_at := len(measured.column("identifiers"))):
        return None
    identifiers: Counter[str] = Counter()
    records: Counter[str] = Counter()
    holding: dict[str, JsonValue] = {}
    for record_id in measured.ids():
        said = measured(record_id, "identifier_kinds")
        kinds = dict(_kind(str(one)) for one in said) if isinstance(said, list) else {}
        if kinds:
            identifiers.update(kinds)
            records.update(kinds.keys())
            holding[record_id] = dict(kinds)
    return {
        "looked_at": looked_at,
        "kinds": {kind: {"identifiers": count, "records": records[kind]} for kind, count in identifiers.most_common()},
        "records": holding,
    }


def _kind(said: str) -> tuple[str, int]:
    """Kind and number of "NAME: 3"."""
    kind, _, count = said.partition(": ")
    return kind, int(count)

"""Held-out records of the newest curated set whose content an earlier split already holds."""

from __future__ import annotations

from collections import Counter

from pydantic import JsonValue

from validation.frame import Measured
from validation.leakage import LeakKind
from validation.measures.leakage import HELD_OUT_IN, LEAKED_BY, LEAKS
from validation.measures.measure import Columns


def leakage(measured: Measured, *, other_words: bool) -> JsonValue:
    """How many records each split holds out, how many leaked in each way, and which; None where it was not measured.

    other_words: whether the same cases in other words were looked for.
    """
    if not measured.column(LEAKS):
        return None
    held = measured.counts(HELD_OUT_IN)
    ways: Counter[str] = Counter()
    leaked: Columns = {}
    for record_id in measured.ids():
        found = measured(record_id, LEAKED_BY)
        if isinstance(found, list) and found:
            ways.update(str(way).partition(": ")[0] for way in found)
            leaked[record_id] = found
    return {
        "held_out": {split: count for split, count in sorted(held.items()) if split != "none"},
        "ways": dict(ways.most_common()),
        "not_asked": [] if other_words else [LeakKind.OTHER_WORDS.value],
        "records": leaked,
    }

"""Held-out records of the newest curated set that an earlier split gives away."""

from __future__ import annotations

from collections import Counter

from pydantic import JsonValue

from validation.frame import Measured
from validation.measures.measure import Columns


def leakage(measured: Measured) -> JsonValue:
    """How many records each split holds out, how many leaked in each way, and which; None where nobody looked."""
    if not measured.column("leaks"):
        return None
    held = measured.counts("held_out_in")
    ways: Counter[str] = Counter()
    leaked: Columns = {}
    for record_id in measured.ids():
        said = measured(record_id, "leaked_by")
        if isinstance(said, list) and said:
            ways.update(str(one).partition(": ")[0] for one in said)
            leaked[record_id] = said
    return {
        "held_out": {place: count for place, count in sorted(held.items()) if place != "none"},
        "ways": dict(ways.most_common()),
        "records": leaked,
    }

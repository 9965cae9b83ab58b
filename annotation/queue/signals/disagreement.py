"""Disagreement: other layers of the record differ from the one that is shown."""

from __future__ import annotations

from annotation.queue.record_summary import RecordSummary
from annotation.queue.signals.signal import Reason, Reasons, RecordPool


def disagreement(pool: RecordPool) -> Reasons:
    """The mean number of entities that other layers would change, remove or add."""
    return [_reason(summary) for summary in pool.summaries]


def _reason(summary: RecordSummary) -> Reason:
    if not summary.differences:
        return Reason()
    differing = {name: found.errors for name, found in summary.differences.items()}
    layers = ", ".join(
        f"{name} differs in {count} of {summary.differences[name].entities}" for name, count in differing.items()
    )
    return Reason(sum(differing.values()) / len(differing), f"{layers} entities")

"""Suspected label errors: words labelled unlike the same words elsewhere."""

from __future__ import annotations

from annotation.queue.record_summary import RecordSummary
from annotation.queue.signals.signal import Reason, Reasons, RecordPool


def label_errors(pool: RecordPool) -> Reasons:
    """How surprising the shown layer is to models that learned from the same layer of other records."""
    return [_reason(summary) for summary in pool.summaries]


def _reason(summary: RecordSummary) -> Reason:
    if not summary.suspicion.surprise:
        return Reason()
    count = summary.suspicion.stretches
    return Reason(summary.suspicion.surprise, f"{count} places are labelled unlike what this layer says elsewhere")

"""The judge: entities that a language model was asked about and rejects, or would change."""

from __future__ import annotations

from annotation.queue.record_summary import RecordSummary
from annotation.queue.signals.signal import Reason, Reasons, RecordPool

#: A rejected entity comes before so many that a judge would only change.
FIRST = 100


def judge(pool: RecordPool) -> Reasons:
    """How many entities of the shown layer a judge rejects; among equals, how many it would change."""
    return [_reason(summary) for summary in pool.summaries]


def _reason(summary: RecordSummary) -> Reason:
    if not summary.rejected + summary.changed:
        return Reason()
    why = f"a judge rejects {summary.rejected} of {summary.entities} entities, and would change {summary.changed}"
    return Reason(float(FIRST * summary.rejected + min(summary.changed, FIRST - 1)), why)

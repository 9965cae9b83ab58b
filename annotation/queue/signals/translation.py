"""Translation: entities that were carried over from the original and not found, or found in two places."""

from __future__ import annotations

from annotation.queue.record_summary import RecordSummary
from annotation.queue.signals.signal import Reason, Reasons, RecordPool


def translation(pool: RecordPool) -> Reasons:
    """How many entities of the shown layer are lost in the translation, or in doubt."""
    return [_reason(summary) for summary in pool.summaries]


def _reason(summary: RecordSummary) -> Reason:
    if not summary.lost + summary.doubtful:
        return Reason()
    why = f"of the original's marks {summary.lost} are lost in the translation, and two ways disagree on "
    return Reason(float(summary.lost + summary.doubtful), f"{why}{summary.doubtful}")

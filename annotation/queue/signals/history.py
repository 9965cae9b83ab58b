"""History: records by the same author from the same source needed so many changes so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from annotation.queue.record_summary import RecordSummary
from annotation.queue.signals.signal import Reason, Reasons, RecordPool

#: The overall rate weighs as much as so many reviewed entities of a group, so that a small group decides little.
PRIOR = 30.0


@dataclass(slots=True)
class ErrorCounts:
    """Entities reviewed, and how many of them needed a change."""

    errors: int = 0
    entities: int = 0


def history(pool: RecordPool) -> Reasons:
    """The entities of a record times the rate of changes that its group has shown so far."""
    groups: dict[tuple[str, str, str], ErrorCounts] = defaultdict(ErrorCounts)
    everything = ErrorCounts()
    for summary in pool.summaries:
        if review := pool.reviews.get(summary.id):
            for tally in (groups[_group(summary)], everything):
                tally.errors += review.changes.errors
                tally.entities += review.changes.entities
    if not everything.entities:
        return [Reason() for _ in pool.summaries]
    return [_reason(summary, groups[_group(summary)], everything) for summary in pool.summaries]


def _group(summary: RecordSummary) -> tuple[str, str, str]:
    return summary.author, summary.source, summary.language


def _reason(summary: RecordSummary, group: ErrorCounts, everything: ErrorCounts) -> Reason:
    # A reviewed record counts in its own group: without it, good records would get a worse rate than bad ones.
    overall = everything.errors / everything.entities
    rate = (group.errors + PRIOR * overall) / (group.entities + PRIOR)
    why = f"by the same author and source, {group.errors} of {group.entities} entities needed a change"
    return Reason(rate * summary.entities, why)

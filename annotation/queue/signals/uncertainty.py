"""Uncertainty: how many shown entities are probably wrong, by their scores."""

from __future__ import annotations

from collections import defaultdict

from annotation.queue.record_summary import RecordSummary
from annotation.queue.signals.signal import Reason, Reasons, RecordPool
from curation.scoring.calibration import Calibration, calibrate


def uncertainty(pool: RecordPool) -> Reasons:
    """The expected number of wrong ones among the entities that have a score; calibrated for each author."""
    readings = calibrations(pool)
    return [_reason(summary, readings[summary.scored_by]) if summary.scores else Reason() for summary in pool.summaries]


def calibrations(pool: RecordPool) -> dict[str, Calibration]:
    """How scores are read, by who gives them: an author, alone or with a judge."""
    outcomes: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for summary in pool.summaries:
        review = pool.reviews.get(summary.id)
        outcomes[summary.scored_by] += review.score_outcomes if review else ()
    return {scored_by: calibrate(pairs) for scored_by, pairs in outcomes.items()}


def _reason(summary: RecordSummary, reading: Calibration) -> Reason:
    wrong = sum(1 - right for right in reading.read(summary.scores))
    return Reason(wrong, f"about {wrong:.1f} of {len(summary.scores)} scored entities are wrong ({reading.words})")

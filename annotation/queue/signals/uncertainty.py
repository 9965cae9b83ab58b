"""Uncertainty: how many shown entities are probably wrong, by their scores."""

from __future__ import annotations

from collections import defaultdict

from annotation.queue.calibration import Calibration, calibrate
from annotation.queue.record_summary import Sketch
from annotation.queue.signals.signal import Known, Reason, Reasons


def uncertainty(known: Known) -> Reasons:
    """The expected number of wrong ones among the entities that have a score; calibrated for each author."""
    readings = calibrations(known)
    return [_reason(one, readings[one.author]) if one.scores else Reason() for one in known.sketches]


def calibrations(known: Known) -> dict[str, Calibration]:
    """How the scores of each author are read."""
    kept: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for one in known.sketches:
        review = known.reviews.get(one.id)
        kept[one.author] += review.kept if review else ()
    return {author: calibrate(pairs) for author, pairs in kept.items()}


def _reason(one: Sketch, reading: Calibration) -> Reason:
    wrong = sum(1 - right for right in reading.read(one.scores))
    return Reason(wrong, f"about {wrong:.1f} of {len(one.scores)} scored entities are wrong ({reading.words})")

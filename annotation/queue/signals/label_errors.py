"""Suspected label errors: words labelled unlike the same words elsewhere."""

from __future__ import annotations

from annotation.queue.record_summary import Sketch
from annotation.queue.signals.signal import Known, Reason, Reasons


def label_errors(known: Known) -> Reasons:
    """How surprising the shown layer is to models that learned from the same layer of other records."""
    return [_reason(one) for one in known.sketches]


def _reason(one: Sketch) -> Reason:
    if not one.suspicion.surprise:
        return Reason()
    places = one.suspicion.stretches
    return Reason(one.suspicion.surprise, f"{places} places are labelled unlike what this layer says elsewhere")

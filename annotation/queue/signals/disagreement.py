"""Disagreement: other layers of the record say something else than the one that is shown."""

from __future__ import annotations

from annotation.queue.record_summary import Sketch
from annotation.queue.signals.signal import Known, Reason, Reasons


def disagreement(known: Known) -> Reasons:
    """The mean number of entities that other layers would change, remove or add."""
    return [_reason(one) for one in known.sketches]


def _reason(one: Sketch) -> Reason:
    if not one.differences:
        return Reason()
    differing = {name: found.errors for name, found in one.differences.items()}
    said = ", ".join(
        f"{name} differs in {count} of {one.differences[name].entities}" for name, count in differing.items()
    )
    return Reason(sum(differing.values()) / len(differing), f"{said} entities")

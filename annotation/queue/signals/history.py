"""History: records by the same author from the same source needed so many changes so far."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from annotation.queue.record_summary import Sketch
from annotation.queue.signals.signal import Known, Reason, Reasons

#: The overall rate counts as much as so many reviewed entities of a group, so that a small group is not a verdict.
PRIOR = 30.0


@dataclass(slots=True)
class Tally:
    """Entities reviewed, and how many of them needed a change."""

    errors: int = 0
    entities: int = 0


def history(known: Known) -> Reasons:
    """The entities of a record times the rate of changes that its group has shown so far."""
    groups: dict[tuple[str, str, str], Tally] = defaultdict(Tally)
    everything = Tally()
    for one in known.sketches:
        if review := known.reviews.get(one.id):
            for tally in (groups[_group(one)], everything):
                tally.errors += review.changes.errors
                tally.entities += review.changes.entities
    if not everything.entities:
        return [Reason() for _ in known.sketches]
    return [_reason(one, groups[_group(one)], everything) for one in known.sketches]


def _group(one: Sketch) -> tuple[str, str, str]:
    return one.author, one.source, one.language


def _reason(one: Sketch, group: Tally, everything: Tally) -> Reason:
    # The reviewed keep their own part in it: leaving it out would make a group's good records look worse than its bad.
    overall = everything.errors / everything.entities
    rate = (group.errors + PRIOR * overall) / (group.entities + PRIOR)
    said = f"by the same author and source, {group.errors} of {group.entities} entities needed a change"
    return Reason(rate * one.entities, said)

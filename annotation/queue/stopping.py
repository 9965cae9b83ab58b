"""When to stop: the error rate of the records without a review, estimated from the control sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from annotation.queue.plan import Queue
from annotation.queue.reviewed import ReviewOutcome
from annotation.queue.settings import QueueSettings
from curation.record import Frozen
from curation.scoring.intervals import clopper_pearson, hypergeometric_interval

#: The newest queue is used once so many of its control records are reviewed; before that, an earlier one.
ENOUGH = 30


class Rate(Frozen):
    """An estimated share, with its interval."""

    estimate: float
    low: float
    high: float


class Stopping(Frozen):
    """The estimate from the control sample for the records that no queue has picked."""

    queue: int | None = None
    #: Records that the control sample represents: neither picked by a signal nor reviewed in the sample.
    rest: int = 0
    control: int = 0
    control_reviewed: int = 0
    needed_change: int = 0
    #: Share of the rest's records in which something would have to be changed.
    records: Rate | None = None
    #: The same, of their entities.
    entities: Rate | None = None
    waiting: int = 0
    target: float
    confidence: float
    reached: bool = False
    #: Reviews still needed, and where: of the control sample, or in queue order.
    needed: int | None = None
    needed_of: str | None = None


def stopping(queues: Sequence[Queue], reviews: Mapping[str, ReviewOutcome], settings: QueueSettings) -> Stopping:
    """The estimate, and how many reviews are still needed until the target is reached with confidence."""
    queue = _deciding_queue(queues, reviews)
    waiting = len({id for made in queues for id in made.record_ids} - set(reviews))
    nothing = Stopping(waiting=waiting, target=settings.target, confidence=settings.confidence)
    if queue is None:
        return nothing
    seen = [reviews[id] for id in queue.control if id in reviews]
    bad = sum(review.needed_change for review in seen)
    rest = queue.frame - len(seen)
    about = nothing.model_copy(
        update={
            "queue": queue.number,
            "rest": rest,
            "control": len(queue.control),
            "control_reviewed": len(seen),
            "needed_change": bad,
        }
    )
    if not seen:
        return about.model_copy(update={"needed": _control_needed(0, 0, queue.frame, settings), "needed_of": "control"})
    records = record_rate(bad, len(seen), queue.frame, confidence=settings.confidence)
    reached = records.high <= settings.target
    needed, of = (0, None) if reached else _needed(queue, reviews, records, bad, len(seen), settings)
    return about.model_copy(
        update={
            "records": records,
            "entities": entity_rate(seen, queue.frame, confidence=settings.confidence),
            "reached": reached,
            "needed": needed,
            "needed_of": of,
        }
    )


def record_rate(bad: int, sample: int, frame: int, *, confidence: float) -> Rate:
    """The share of bad records among those of the frame that are not in the sample: exact, for a finite frame."""
    rest = frame - sample
    if not rest:
        return Rate(estimate=0.0, low=0.0, high=0.0)
    low, high = hypergeometric_interval(bad, sample, frame, confidence=confidence)
    return Rate(estimate=bad / sample, low=(low - bad) / rest, high=(high - bad) / rest)


def entity_rate(seen: Sequence[ReviewOutcome], frame: int, *, confidence: float) -> Rate | None:
    """The share of entities that need a change, in the records of the frame that are not in the sample.

    Entities of one record are not independent: the interval is that of Clopper and Pearson for the number
    of independent entities that carry as much information (Korn and Graubard 1998), for a finite frame.
    """
    errors = [review.changes.errors for review in seen]
    sizes = [review.changes.entities for review in seen]
    total, count = sum(sizes), len(seen)
    if not total:
        return None
    rate = sum(errors) / total
    effective = float(total) if rate in (0.0, 1.0) and count else _effective(errors, sizes, rate)
    if rate in (0.0, 1.0):
        # No spread was seen, which says nothing about how errors cluster: each record counts once.
        effective = float(count)
    left = 1 - count / frame
    if left <= 0:
        return Rate(estimate=rate, low=0.0, high=0.0)
    low, high = clopper_pearson(rate * effective, effective, confidence=confidence)
    return Rate(estimate=rate, low=low, high=high)


def _effective(errors: Sequence[int], sizes: Sequence[int], rate: float) -> float:
    """The number of independent entities with the variance that the ratio of the sample has."""
    count, total = len(sizes), sum(sizes)
    if count < 2:
        return float(count)
    mean = total / count
    spread = sum((error - rate * size) ** 2 for error, size in zip(errors, sizes, strict=True)) / (count - 1)
    variance = spread / (count * mean * mean)
    return min(float(total), rate * (1 - rate) / variance) if variance > 0 else float(count)


def _deciding_queue(queues: Sequence[Queue], reviews: Mapping[str, ReviewOutcome]) -> Queue | None:
    """The newest queue with enough reviews of its control sample; or else the one that has most."""
    drawn = [queue for queue in queues if queue.control]
    counts = {queue.number: sum(id in reviews for id in queue.control) for queue in drawn}
    enough = [queue for queue in drawn if counts[queue.number] >= ENOUGH]
    if enough:
        return enough[-1]
    return max(drawn, key=lambda queue: (counts[queue.number], queue.number), default=None)


def _needed(
    queue: Queue, reviews: Mapping[str, ReviewOutcome], records: Rate, bad: int, sample: int, settings: QueueSettings
) -> tuple[int | None, str | None]:
    """Where the estimate is below the target, more control reviews; where it is above, more in queue order."""
    if records.estimate < settings.target:
        return _control_needed(bad, sample, queue.frame, settings), "control"
    picked = [
        reviews[entry.record_id] for entry in queue.entries if entry.record_id in reviews and not entry.is_control
    ]
    rest = queue.frame - sample
    found = sum(review.needed_change for review in picked) / len(picked) if picked else records.estimate
    if found <= settings.target:
        return rest, "queue"
    surplus = (records.estimate - settings.target) * rest
    return min(rest, max(1, ceil(surplus / (found - settings.target)))), "queue"


def _control_needed(bad: int, sample: int, frame: int, settings: QueueSettings) -> int | None:
    """The fewest more control reviews that would reach the target if the rate stayed as it is."""
    rate = bad / sample if sample else 0.0

    def reaches(more: int) -> bool:
        size = sample + more
        return record_rate(round(rate * size), size, frame, confidence=settings.confidence).high <= settings.target

    # Without a single review nothing is known.
    least, most = int(not sample), frame - sample
    if most <= 0 or not reaches(most):
        return max(most, 0)
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if reaches(middle) else (middle + 1, most)
    return least

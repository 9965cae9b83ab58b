"""What a signal is: a value and a reason for each record of the pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from annotation.queue.record_summary import RecordSummary
from annotation.queue.reviewed import ReviewOutcome


@dataclass(frozen=True, slots=True)
class Reason:
    """How urgently a record should be reviewed by one signal, and why in words; 0 is no reason."""

    value: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class RecordPool:
    """All records, and the reviews of some of them (the pool of active learning)."""

    summaries: Sequence[RecordSummary]
    reviews: Mapping[str, ReviewOutcome]


#: A reason for each record of the pool, in its order.
Reasons = list[Reason]


@dataclass(frozen=True, slots=True)
class Signal:
    """An entry of the table of signals."""

    name: str
    description: str
    measure: Callable[[RecordPool], Reasons]
    #: Whether the expected corrections are learned from it: it must not depend on which records were picked.
    explains: bool = True

"""What a signal is: from what is known of all records to a number and a reason for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from annotation.queue.record_summary import Sketch
from annotation.queue.reviewed import Reviewed


@dataclass(frozen=True, slots=True)
class Reason:
    """How much a signal speaks for a person's looking at a record, and why in words; nought says nothing."""

    value: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """All records, and what people have said about some of them."""

    sketches: Sequence[Sketch]
    reviews: Mapping[str, Reviewed]


#: A reason for each sketch, in their order.
Reasons = list[Reason]


@dataclass(frozen=True, slots=True)
class Signal:
    """An entry of the table of signals."""

    name: str
    says: str
    measure: Callable[[Known], Reasons]
    #: Whether the expected corrections are told from it: it must not depend on which records were picked.
    explains: bool = True

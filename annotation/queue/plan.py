"""The queue: which records people see next, in which order, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from random import Random

from pydantic import ConfigDict, Field

from annotation.queue.control_sample import control_sample
from annotation.queue.record_summary import RecordSummary
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import EXPECTED, FIRST, Reason, Reasons, RecordPool, measure_signals
from curation.record import Frozen

#: Why a record is in a queue, where it is not for a signal.
CONTROL = "control"
REPEAT = "repeat"

CONTROL_WHY = "drawn at random, for the error rate of what nobody reviews"
REPEAT_WHY = "reviewed before; shows whether people agree with themselves"


class _InFile(Frozen):
    """What a queue's file holds; the keys in the file are the aliases, which older files have."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)


class QueueEntry(_InFile):
    """One record in a queue. Only the order and the number of annotators reach Label Studio."""

    record_id: str
    position: int = Field(ge=1, alias="place")
    signal: str
    value: float
    why: str
    annotators: int = Field(default=1, ge=1)

    @property
    def is_control(self) -> bool:
        """Whether the record was drawn at random."""
        return self.signal == CONTROL

    @property
    def is_repeat(self) -> bool:
        """Whether the record was reviewed before."""
        return self.signal == REPEAT


class Queue(_InFile):
    """A queue, and what its control sample was drawn from."""

    number: int = Field(ge=1)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    settings: QueueSettings
    layers: tuple[str, ...]
    entries: tuple[QueueEntry, ...] = Field(alias="places")
    #: Number of records that were open before the queue, and of those among them that no signal picked.
    open: int
    frame: int

    @property
    def control(self) -> list[str]:
        """The records of the control sample, in the order of the queue."""
        return [entry.record_id for entry in self.entries if entry.is_control]

    @property
    def record_ids(self) -> list[str]:
        """All records that are queued for the first time, in order."""
        return [entry.record_id for entry in self.entries if not entry.is_repeat]


def plan(
    pool: RecordPool,
    settings: QueueSettings,
    *,
    queued: Collection[str] = (),
    number: int = 1,
    layers: Sequence[str] = (),
) -> Queue:
    """The next queue; the same for the same records, reviews, settings and number.

    Records that are reviewed, queued before or excluded are left out. The signals pick first. The control sample
    is drawn from the rest, so that it is representative of exactly that.
    """
    taken = set(queued) | set(pool.reviews)
    free = [summary for summary in pool.summaries if summary.id not in taken and not summary.is_excluded]
    random = Random(f"{settings.seed}:{number}")
    size = min(settings.size, len(free))
    repeats = _repeats(pool, round(settings.size * settings.repeats), random)
    control = min(round(settings.size * settings.control), size)
    picked = _picked_by_signals(pool, free, max(0, size - control - len(repeats)), settings)
    chosen = {entry.record_id for entry in picked}
    frame = [summary for summary in free if summary.id not in chosen]
    drawn = [
        QueueEntry(record_id=summary.id, position=1, signal=CONTROL, value=0.0, why=CONTROL_WHY)
        for summary in control_sample(frame, control, strata=settings.strata, random=random)
    ]
    return Queue(
        number=number,
        settings=settings,
        layers=tuple(layers),
        entries=tuple(_numbered(_shuffled_in(picked, [*drawn, *repeats], random), settings, random)),
        open=len(free),
        frame=len(frame),
    )


def _picked_by_signals(
    pool: RecordPool, free: Sequence[RecordSummary], count: int, settings: QueueSettings
) -> list[QueueEntry]:
    """The records that the signals pick: first those that one of FIRST has, then each other signal in its turn."""
    if not count:
        return []
    found = measure_signals(pool)
    numbers = {summary.id: number for number, summary in enumerate(pool.summaries)}
    open_numbers = [numbers[summary.id] for summary in free]
    shares = {name: share for name, share in settings.mix.shares().items() if share}
    rankings = {name: _ranking(pool, found[name], open_numbers) for name in (*FIRST, *shares)}
    given = dict.fromkeys(shares, 0)
    entries: dict[int, QueueEntry] = {}
    for name, share in settings.mix.first_shares().items():
        new = (number for number in rankings[name] if number not in entries)
        first = list(islice(new, min(round(count * share), count - len(entries))))
        entries |= {number: _entry(pool, number, name, found[name][number]) for number in first}
    while len(entries) < count and shares:
        # The signal with the largest part of its share still to give; in a tie, the first in the table.
        name = max(shares, key=lambda name: shares[name] * (sum(given.values()) + 1) - given[name])
        best = next((number for number in rankings[name] if number not in entries), None)
        if best is None:
            del shares[name]
            continue
        given[name] += 1
        entries[best] = _entry(pool, best, name, found[name][best])
    if len(entries) < count:
        left = [number for number in open_numbers if number not in entries]
        entries |= _unsignalled(pool, left, count - len(entries))
    return list(entries.values())


def _entry(pool: RecordPool, number: int, signal: str, reason: Reason) -> QueueEntry:
    """The place of a record; which one it is in the end is not settled yet."""
    return QueueEntry(
        record_id=pool.summaries[number].id, position=1, signal=signal, value=round(reason.value, 4), why=reason.why
    )


def _ranking(pool: RecordPool, reasons: Reasons, open_numbers: Sequence[int]) -> Iterator[int]:
    """The open records with a value above 0, highest first; equal values in the order of ids, which is reproducible."""
    with_value = [number for number in open_numbers if reasons[number].value > 0]
    return iter(sorted(with_value, key=lambda number: (-reasons[number].value, pool.summaries[number].id)))


def _unsignalled(pool: RecordPool, left: Sequence[int], count: int) -> Mapping[int, QueueEntry]:
    """Records without a value from any signal, where the queue has room left."""
    order = sorted(left, key=lambda number: pool.summaries[number].id)[:count]
    why = "no signal speaks for any record that is left"
    return {
        number: QueueEntry(record_id=pool.summaries[number].id, position=1, signal=EXPECTED, value=0.0, why=why)
        for number in order
    }


def _repeats(pool: RecordPool, count: int, random: Random) -> list[QueueEntry]:
    reviewed = sorted(
        summary.id for summary in pool.summaries if summary.id in pool.reviews and not summary.is_excluded
    )
    drawn = random.sample(reviewed, min(count, len(reviewed)))
    return [QueueEntry(record_id=id, position=1, signal=REPEAT, value=0.0, why=REPEAT_WHY) for id in drawn]


def _shuffled_in(picked: Sequence[QueueEntry], hidden: Sequence[QueueEntry], random: Random) -> list[QueueEntry]:
    """The picked entries in their order, with the hidden ones at random positions, which tell nothing about them."""
    total = len(picked) + len(hidden)
    positions = set(random.sample(range(total), len(hidden)))
    ordered, shuffled = iter(picked), iter(random.sample(list(hidden), len(hidden)))
    return [next(shuffled) if position in positions else next(ordered) for position in range(total)]


def _numbered(entries: Sequence[QueueEntry], settings: QueueSettings, random: Random) -> list[QueueEntry]:
    """The entries with their positions, a random share of them for several annotators."""
    once = [number for number, entry in enumerate(entries) if not entry.is_repeat]
    several = set(random.sample(once, round(len(once) * settings.overlap)))
    return [
        entry.model_copy(update={"position": number + 1, "annotators": settings.annotators if number in several else 1})
        for number, entry in enumerate(entries)
    ]

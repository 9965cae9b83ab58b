"""The queue: which records people see next, in which order, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random

from pydantic import Field

from annotation.queue.control_sample import control_sample
from annotation.queue.record_summary import Sketch
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import EXPECTED, Known, Reasons, measured
from curation.record import Frozen

#: Why a record is in a queue, where it is not for a signal.
CONTROL = "control"
REPEAT = "repeat"

CONTROL_WHY = "drawn at random, for the error rate of what nobody reviews"
REPEAT_WHY = "reviewed before; shows whether people agree with themselves"


class Place(Frozen):
    """One place of a queue; none of it but the order and the number of annotators reaches Label Studio."""

    record_id: str
    place: int = Field(ge=1)
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


class Queue(Frozen):
    """A queue, and what its control sample was drawn from."""

    number: int = Field(ge=1)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))
    settings: QueueSettings
    layers: tuple[str, ...]
    places: tuple[Place, ...]
    #: Records that were open before the queue, and those among them that no signal picked.
    open: int
    frame: int

    @property
    def control(self) -> list[str]:
        """The records of the control sample, in the order of the queue."""
        return [one.record_id for one in self.places if one.is_control]

    @property
    def record_ids(self) -> list[str]:
        """All records that are queued for the first time, in order."""
        return [one.record_id for one in self.places if not one.is_repeat]


def plan(
    known: Known, settings: QueueSettings, *, queued: Collection[str] = (), number: int = 1, layers: Sequence[str] = ()
) -> Queue:
    """The next queue; the same for the same records, reviews, settings and number.

    Records that are reviewed, queued before, or turned away are left out. The signals pick first; the control
    sample is drawn from what they leave, so that it speaks for exactly that.
    """
    taken = set(queued) | set(known.reviews)
    free = [one for one in known.sketches if one.id not in taken and not one.away]
    random = Random(f"{settings.seed}:{number}")
    size = min(settings.size, len(free))
    repeats = _repeats(known, round(settings.size * settings.repeats), random)
    control = min(round(settings.size * settings.control), size)
    picked = _picked(known, free, max(0, size - control - len(repeats)), settings)
    chosen = {one.record_id for one in picked}
    frame = [one for one in free if one.id not in chosen]
    drawn = [
        Place(record_id=one.id, place=1, signal=CONTROL, value=0.0, why=CONTROL_WHY)
        for one in control_sample(frame, control, strata=settings.strata, random=random)
    ]
    return Queue(
        number=number,
        settings=settings,
        layers=tuple(layers),
        places=tuple(_numbered(_mixed(picked, [*drawn, *repeats], random), settings, random)),
        open=len(free),
        frame=len(frame),
    )


def _picked(known: Known, free: Sequence[Sketch], count: int, settings: QueueSettings) -> list[Place]:
    """The records that the signals pick, the most urgent first, each signal in its turn."""
    if not count:
        return []
    found = measured(known)
    numbers = {one.id: number for number, one in enumerate(known.sketches)}
    open_ones = [numbers[one.id] for one in free]
    shares = {name: share for name, share in settings.mix.model_dump().items() if share}
    rankings = {name: _ranking(known, found[name], open_ones) for name in shares}
    given = dict.fromkeys(shares, 0)
    places: dict[int, Place] = {}
    while len(places) < count and shares:
        # The signal that is furthest behind its share; in a tie, the one named first.
        name = max(shares, key=lambda name: shares[name] * (sum(given.values()) + 1) - given[name])
        best = next((number for number in rankings[name] if number not in places), None)
        if best is None:
            del shares[name]
            continue
        given[name] += 1
        reason = found[name][best]
        places[best] = Place(
            record_id=known.sketches[best].id, place=1, signal=name, value=round(reason.value, 4), why=reason.why
        )
    if len(places) < count:
        places |= _rest(known, [number for number in open_ones if number not in places], count - len(places))
    return list(places.values())


def _ranking(known: Known, reasons: Reasons, open_ones: Sequence[int]) -> Iterator[int]:
    """The open records for which the signal speaks, loudest first; equal ones by id, so that order is no whim."""
    speaking = [number for number in open_ones if reasons[number].value > 0]
    return iter(sorted(speaking, key=lambda number: (-reasons[number].value, known.sketches[number].id)))


def _rest(known: Known, left: Sequence[int], count: int) -> Mapping[int, Place]:
    """Records that no signal speaks for, where there are places left."""
    order = sorted(left, key=lambda number: known.sketches[number].id)[:count]
    why = "no signal speaks for any record that is left"
    return {
        number: Place(record_id=known.sketches[number].id, place=1, signal=EXPECTED, value=0.0, why=why)
        for number in order
    }


def _repeats(known: Known, count: int, random: Random) -> list[Place]:
    reviewed = sorted(one.id for one in known.sketches if one.id in known.reviews and not one.away)
    drawn = random.sample(reviewed, min(count, len(reviewed)))
    return [Place(record_id=id, place=1, signal=REPEAT, value=0.0, why=REPEAT_WHY) for id in drawn]


def _mixed(picked: Sequence[Place], hidden: Sequence[Place], random: Random) -> list[Place]:
    """The picked ones in their order with the hidden ones at random places, so that no place gives them away."""
    total = len(picked) + len(hidden)
    at = set(random.sample(range(total), len(hidden)))
    ordered, strewn = iter(picked), iter(random.sample(list(hidden), len(hidden)))
    return [next(strewn) if place in at else next(ordered) for place in range(total)]


def _numbered(places: Sequence[Place], settings: QueueSettings, random: Random) -> list[Place]:
    """The places with their numbers, and a random share of them for several people."""
    once = [number for number, one in enumerate(places) if not one.is_repeat]
    several = set(random.sample(once, round(len(once) * settings.overlap)))
    return [
        one.model_copy(update={"place": number + 1, "annotators": settings.annotators if number in several else 1})
        for number, one in enumerate(places)
    ]

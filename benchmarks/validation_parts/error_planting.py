"""Errors planted at known targets: how many of each kind are found, and how often a sound candidate is reported.

A kind is one entry of a table: how it is planted, where it could be, and what flags it. To add
one, write a `ErrorKind` into the table of a module and name the module in `validation_parts.planted.TABLES`.

    def plant(case: PlantingCase, rng: Random) -> Planted | None     # None: this case has no room for it
    def flags(cases: Sequence[PlantingCase]) -> list[frozenset[str]] # what validation reports, case by case
    def candidates(case: PlantingCase) -> Sequence[str]              # what it may report wrongly (entity ids, say)
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from curation.record import Layer, Record

#: The target of a kind of error that has no finer one than the record.
WHOLE = "record"


@dataclass(frozen=True, slots=True)
class PlantingCase:
    """A record as it is checked: with its layer, and with the record that it translates, if there are any."""

    record: Record
    layer: Layer | None = None
    original: Record | None = None
    original_layer: Layer | None = None


@dataclass(frozen=True, slots=True)
class Planted:
    """A case with an error in it, and the target: what the error is in."""

    case: PlantingCase
    target: str = WHOLE


def whole(case: PlantingCase) -> Sequence[str]:
    """The record itself as the only candidate."""
    return (WHOLE,)


def entities(case: PlantingCase) -> Sequence[str]:
    """Every entity of the layer as a candidate."""
    return tuple(entity.id for entity in case.layer.entities) if case.layer else ()


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """A kind of error."""

    name: str
    plant: Callable[[PlantingCase, Random], Planted | None]
    flags: Callable[[Sequence[PlantingCase]], list[frozenset[str]]]
    candidates: Callable[[PlantingCase], Sequence[str]] = whole
    #: The planted case stands beside the sound ones (near-duplicates, leaks) and not in place of its own.
    beside: bool = False
    #: What is aimed at: least recall, and most false alarms.
    recall: float = 0.99
    false_alarm: float = 0.01


@dataclass(frozen=True, slots=True)
class Share:
    """Cases of several, with the 95 % interval of Wilson (1927)."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share itself; 0 of 0 is 0."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """From where to where the true share lies, in 95 of 100 samples."""
        if not self.of:
            return 0.0, 1.0
        z = 1.959964
        middle = self.value + z * z / (2 * self.of)
        width = z * sqrt(self.value * (1 - self.value) / self.of + z * z / (4 * self.of**2))
        scale = 1 + z * z / self.of
        return max(0.0, (middle - width) / scale), min(1.0, (middle + width) / scale)

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.of + other.of)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({low:.3f} to {high:.3f})"


@dataclass(frozen=True, slots=True)
class KindOutcome:
    """The result of one kind of error on one set of cases."""

    kind: ErrorKind
    recall: Share
    false_alarm: Share

    @property
    def reached(self) -> bool:
        """Whether both aims were met."""
        return self.recall.value >= self.kind.recall and self.false_alarm.value <= self.kind.false_alarm


def tried(kind: ErrorKind, cases: Sequence[PlantingCase], *, seed: int = 0) -> KindOutcome:
    """One error of the kind planted into every case that has room, and the sound cases beside them."""
    sound = kind.flags(cases)
    false = Share(
        sum(len(flagged & set(kind.candidates(case))) for case, flagged in zip(cases, sound, strict=True)),
        sum(len(kind.candidates(case)) for case in cases),
    )
    planted = [found for case in cases if (found := kind.plant(case, Random(f"{seed}:{kind.name}:{case.record.id}")))]
    wrong = [found.case for found in planted]
    flagged = kind.flags([*cases, *wrong])[len(cases) :] if kind.beside else kind.flags(wrong)
    hits = Counter(found.target in flags for found, flags in zip(planted, flagged, strict=True))
    return KindOutcome(kind, Share(hits[True], len(planted)), false)


def divided(cases: Sequence[PlantingCase], *, share: float = 0.3) -> tuple[list[PlantingCase], list[PlantingCase]]:
    """Cases to choose thresholds on, and the others to measure on; a group is never cut, nor does order matter."""

    def early(case: PlantingCase) -> bool:
        return int(hashlib.sha256(case.record.group.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF < share

    return [case for case in cases if early(case)], [case for case in cases if not early(case)]


def row(source: str, outcome: KindOutcome) -> tuple[object, ...]:
    """A line of the table."""
    kind = outcome.kind
    return (
        kind.name,
        source,
        outcome.recall.of,
        outcome.recall,
        f"{kind.recall:g}",
        outcome.false_alarm.of,
        outcome.false_alarm,
        f"{kind.false_alarm:g}",
        "yes" if outcome.reached else "no",
    )


HEAD = ("error", "in", "planted", "recall", "aim", "sound places", "false alarms", "at most", "reached")


def figures(outcomes: Mapping[str, Sequence[KindOutcome]]) -> dict[str, object]:
    """Recall and false alarms by kind of error over all sources, for the last line."""
    recall = {name: sum((outcome.recall for outcome in several), Share(0, 0)) for name, several in outcomes.items()}
    false = {name: sum((outcome.false_alarm for outcome in several), Share(0, 0)) for name, several in outcomes.items()}
    return {
        "recall": {name: round(share.value, 4) for name, share in recall.items()},
        "false_alarm": {name: round(share.value, 4) for name, share in false.items()},
    }

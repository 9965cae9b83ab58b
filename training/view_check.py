"""What a view of the training records can hold: counted before the first step, and told in every report."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from curation.errors import UsageError
from curation.record import Frozen
from training.settings import TrainingSettings

#: Upper ends of the bars of the histogram of lengths, in word pieces.
BARS = (32, 64, 128, 256, 512, 1024, 2048, 4096)
QUANTILES = {"shortest": 0.0, "half": 0.5, "nine tenths": 0.9, "longest": 1.0}
#: Of the longest records, so many are named.
NAMED = 3


class TrainingRefusedError(UsageError):
    """The set has nothing to learn from, or annotations that would be lost and may not be."""


class ViewCheck(Frozen):
    """The counts of one view of one split; no wording.

    lost: annotations that are not learnt, by reason; changed: those that are learnt otherwise than they stand.
    oracle: the share of the annotations that a model without any error would give back exactly; None without any.
    """

    view: str
    records: int = 0
    #: Records that the encoder reads in one piece, and in several.
    whole: int = 0
    cut: int = 0
    #: What the model is shown in one reading of all records: windows, questions, pairs.
    rows: int = 0
    #: Rows without an answer: real negatives.
    negatives: int = 0
    annotations: int = 0
    #: The word pieces of all records together.
    tokens: int = 0
    lost: dict[str, int] = Field(default_factory=dict)
    changed: dict[str, int] = Field(default_factory=dict)
    oracle: float | None = None
    never_seen: tuple[str, ...] = ()
    lengths: dict[str, int] = Field(default_factory=dict)
    histogram: dict[str, int] = Field(default_factory=dict)
    longest_records: tuple[str, ...] = ()

    @property
    def lost_in_all(self) -> int:
        """How many annotations would not be learnt."""
        return sum(self.lost.values())

    def require(self, settings: TrainingSettings) -> None:
        """Raises TrainingRefusedError where annotations would be lost and the settings do not allow it."""
        if self.lost and not settings.allow_lost:
            by_words = settings.model in (None, "tagger", "questions") and settings.task != "relations"
            overlaps = by_words and self.lost.get("overlapped")
            heads = ' (the tagger with training.heads = "category" holds what overlaps)' if overlaps else ""
            raise TrainingRefusedError(
                f"expected a view ({self.view}) that holds all {self.annotations:,} annotations, "
                f"{self.lost_in_all:,} would be lost ({by_reason(self.lost)}): see `curate train check`, and mend "
                f"them, choose another training.model{heads}, or allow it with training.allow_lost = true"
            )


def by_reason(counts: Mapping[str, int]) -> str:
    """Counts in words: `3 overlapped, 1 unplaced`."""
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items())


@dataclass
class ViewCount:
    """A ViewCheck on its way, record by record."""

    view: str
    room: int  # word pieces of a text that the encoder reads at once
    rows: int = 0
    negatives: int = 0
    annotations: int = 0
    given_back: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    _lengths: Counter[int] = field(default_factory=Counter)
    _longest: list[tuple[int, str]] = field(default_factory=list)

    def read(self, record_id: str, length: int) -> None:
        """One more record of so many word pieces."""
        self._lengths[length] += 1
        self._longest = sorted([*self._longest, (length, record_id)], reverse=True)[:NAMED]

    def check(self, known: tuple[str, ...]) -> ViewCheck:
        """What was counted; known: the names of the scheme that may be learnt."""
        whole = sum(count for length, count in self._lengths.items() if length <= self.room)
        records = self._lengths.total()
        return ViewCheck(
            view=self.view,
            records=records,
            whole=whole,
            cut=records - whole,
            rows=self.rows,
            negatives=self.negatives,
            annotations=self.annotations,
            tokens=sum(length * count for length, count in self._lengths.items()),
            lost=dict(+self.lost),
            changed=dict(+self.changed),
            oracle=self.given_back / self.annotations if self.annotations else None,
            never_seen=tuple(name for name in known if name not in self.seen),
            lengths=self._quantiles() if records else {},
            histogram=self._histogram(),
            longest_records=tuple(id for length, id in self._longest if length > self.room),
        )

    def _quantiles(self) -> dict[str, int]:
        """Nearest-rank quantiles of the records' lengths."""
        ordered = sorted(self._lengths.elements())
        return {name: ordered[max(0, -int(-share * len(ordered) // 1) - 1)] for name, share in QUANTILES.items()}

    def _histogram(self) -> dict[str, int]:
        bars: Counter[int] = Counter()
        for length, count in self._lengths.items():
            bars[bisect_left(BARS, length)] += count
        names = [*(f"up to {end}" for end in BARS), f"above {BARS[-1]}"]
        return {name: bars[number] for number, name in enumerate(names) if bars[number]}


def check_json(check: ViewCheck) -> dict[str, Any]:
    """The check for a manifest."""
    return check.model_dump(mode="json")

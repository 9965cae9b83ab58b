"""A new batch against a frozen set, feature by feature, with a verdict in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pydantic import JsonValue

from curation.errors import UsageError
from validation.drift.profile import BatchProfile
from validation.drift.settings import DriftSettings
from validation.drift.statistics import NEGLIGIBLE, Tested, clouds, holm, lengths, mixtures, shares

#: With fewer records on a side no test says anything.
FEWEST = 8


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: what the test found, its corrected p value, and its interpretation."""

    name: str
    tested: Tested
    corrected: float
    drifted: bool

    @property
    def says(self) -> str:
        """The verdict in words."""
        if self.drifted:
            return f"differs: a {self.tested.magnitude} difference that chance does not make"
        if self.tested.magnitude == NEGLIGIBLE:
            return "no difference that matters"
        return f"perhaps: a {self.tested.magnitude} difference, but chance makes such ones too"

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts read."""
        return {"feature": self.name, **asdict(self.tested), "corrected": self.corrected, "drifted": self.drifted}


@dataclass(frozen=True, slots=True)
class Drift:
    """What was compared, of how many records, and what was found."""

    before: int
    after: int
    features: tuple[Feature, ...]
    not_measured: tuple[str, ...] = ()  # features of which a side has nothing

    @property
    def drifted(self) -> bool:
        """Whether any feature differs by more than chance and by more than nothing."""
        return any(feature.drifted for feature in self.features)

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "before": self.before,
            "after": self.after,
            "drifted": self.drifted,
            "not_measured": list(self.not_measured),
            "features": [feature.as_json() for feature in self.features],
        }


def check_sizes(before: int, after: int) -> None:
    """Raises UsageError when a side has too few records to say anything."""
    if min(before, after) < FEWEST:
        raise UsageError(
            f"expected at least {FEWEST} records on each side, got {before} in the set and {after} to compare; "
            "import and annotate more, or name another --source or --batch"
        )


def compare(before: BatchProfile, after: BatchProfile, settings: DriftSettings) -> Drift:
    """Each feature that both portraits have. Raises UsageError when a side has too few records to say anything."""
    check_sizes(before.records, after.records)
    asked = dict(_tests(before, after, settings))
    tested = {name: test for name, test in asked.items() if test is not None}
    corrected = holm([test.p for test in tested.values()])
    features = (
        Feature(name, test, p, drifted=p < settings.significance and test.magnitude != NEGLIGIBLE)
        for (name, test), p in zip(tested.items(), corrected, strict=True)
    )
    # One language on both sides needs no test.
    same = {"language"} if set(before.languages) == set(after.languages) else set()
    not_measured = (name for name in asked if name not in tested.keys() | same)
    return Drift(before.records, after.records, tuple(features), tuple(not_measured))


def _tests(before: BatchProfile, after: BatchProfile, settings: DriftSettings) -> list[tuple[str, Tested | None]]:
    chance = {"permutations": settings.permutations, "seed": settings.seed}
    # A record without a layer has no entities that could be counted.
    annotated = min(len(before.categories), len(after.categories)) >= FEWEST
    found: list[tuple[str, Tested | None]] = [
        ("length", lengths(before.lengths, after.lengths)),
        ("language", shares(Counter(before.languages), Counter(after.languages))),
        ("entities a record", lengths(_totals(before.categories), _totals(after.categories)) if annotated else None),
        ("categories", mixtures(before.categories, after.categories, **chance) if annotated else None),
        ("vocabulary", mixtures(before.words, after.words, **chance)),
    ]
    if before.vectors is None or after.vectors is None:
        return [*found, ("embeddings", None)]
    return [*found, ("embeddings", clouds(before.vectors, after.vectors, **chance))]


def _totals(counts: Sequence[Counter[str]]) -> list[float]:
    return [float(counter.total()) for counter in counts]

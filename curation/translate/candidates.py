"""Several translations of a record, and which of them is the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from curation.record import Layer, Record
from curation.stage import Item


@dataclass(frozen=True, slots=True)
class TranslationCandidate:
    """A translation that stands, or could: with its layers, and what was found out about it by the names of stages."""

    record: Record
    layers: Mapping[str, Layer]
    measures: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class CandidateRank:
    """How good a translation is, the lower the better: checks that fail, then spans that were lost, then how far it is
    from a perfect score, 0 to 1.
    """

    failed: int
    lost: int
    distance: float


#: The rank of a translation of a record; who gives it knows the checks.
Weigh = Callable[[Item, TranslationCandidate], CandidateRank]

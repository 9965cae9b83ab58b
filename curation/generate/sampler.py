"""Sampling: a few of a pool, and phrases with their numbers and choices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from curation.generate.case import CaseFact
from curation.generate.drug import Range
from curation.generate.phrase import Phrase, PhraseDraws
from curation.record import Assertion

T = TypeVar("T")

#: How much a case holds: the share of what it could hold, from short to long.
AMOUNTS = (0.4, 0.65, 0.85, 1.0)


class Sampler:
    """The sampler of one case: all its parts share how much it holds, and the numbers and choices that have names."""

    def __init__(self, rng: random.Random, *, sex: int) -> None:
        self.rng = rng
        self.draws = PhraseDraws(rng, sex=sex)
        self.amount = rng.choice(AMOUNTS)

    def likely(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.rng.random() < share

    def few(self, pool: Sequence[T], low: int, high: int) -> list[T]:
        """Between low and high of the pool in its order, more of them the more the case holds."""
        most = min(len(pool), max(low, round(high * self.amount)))
        count = self.rng.randint(min(low, most), most)
        if count == len(pool):
            return list(pool)
        return [pool[index] for index in sorted(self.rng.sample(range(len(pool)), count))]

    def item(self, phrase: Phrase, category: str, assertion: Assertion = Assertion.PRESENT) -> CaseFact:
        """A phrase with its numbers and choices drawn."""
        return CaseFact(*phrase.draw(self.draws), category, assertion)

    def items(
        self, phrases: Sequence[Phrase], category: str, assertion: Assertion = Assertion.PRESENT
    ) -> tuple[CaseFact, ...]:
        """Phrases with their numbers and choices drawn."""
        return tuple(self.item(phrase, category, assertion) for phrase in phrases)

    def length(self, span: Range) -> tuple[int, str]:
        """A time of the span, in its unit."""
        return self.rng.randint(int(span.low), int(span.high)), span.unit

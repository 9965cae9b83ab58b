"""Drawing by lot: few or many of a pool, and phrases with their numbers and choices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from curation.generate.case import Item
from curation.generate.drug import Span
from curation.generate.phrase import Draws, Phrase
from curation.record import Assertion

T = TypeVar("T")

#: How much is told: the share of what could be told, from short to long.
AMOUNTS = (0.4, 0.65, 0.85, 1.0)


class Lots:
    """The lots of one case: all its parts share how much is told, and the numbers and choices that have names."""

    def __init__(self, chance: random.Random, *, sex: int) -> None:
        self.chance = chance
        self.draws = Draws(chance, sex=sex)
        self.amount = chance.choice(AMOUNTS)

    def likely(self, share: float) -> bool:
        """True in that share of the cases."""
        return self.chance.random() < share

    def few(self, pool: Sequence[T], low: int, high: int) -> list[T]:
        """Between low and high of the pool in its order, more of them the more is told."""
        most = min(len(pool), max(low, round(high * self.amount)))
        count = self.chance.randint(min(low, most), most)
        if count == len(pool):
            return list(pool)
        return [pool[place] for place in sorted(self.chance.sample(range(len(pool)), count))]

    def item(self, phrase: Phrase, category: str, assertion: Assertion = Assertion.PRESENT) -> Item:
        """A phrase with its numbers and choices drawn."""
        return Item(*phrase.draw(self.draws), category, assertion)

    def items(
        self, phrases: Sequence[Phrase], category: str, assertion: Assertion = Assertion.PRESENT
    ) -> tuple[Item, ...]:
        """Phrases with their numbers and choices drawn."""
        return tuple(self.item(phrase, category, assertion) for phrase in phrases)

    def length(self, span: Span) -> tuple[int, str]:
        """A time of the span, in its unit."""
        return self.chance.randint(int(span.low), int(span.high)), span.unit

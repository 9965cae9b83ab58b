"""How certain it is that two texts describe the same case: their sentences are alike, and so are their numbers.

Sentences are matched with their nearest by embeddings, in both directions, as words are in BERTScore (Zhang et al.
2020). Two patients with one disease have like sentences too; their ages, values and doses distinguish them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.record import Record
from validation.measures.semantic.numbers import agreement, numbers

if TYPE_CHECKING:
    from curation.embeddings.encoder import Vectors

#: Cosine of two records' vectors from which they are looked at more closely.
CANDIDATE = 0.75
#: The nearest records that are looked at, for each.
NEAREST = 50
#: Share of the telling numbers of both that both must have.
NUMBERS = 0.65
#: With fewer numbers on a side these prove little, and sentences must be more alike.
FEWEST_NUMBERS, SURE = 4, 0.8


@dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of a record while it is compared: no text."""

    id: str
    language: str
    length: int
    numbers: frozenset[str]

    @classmethod
    def of(cls, record: Record) -> Facts:
        """The facts of a record."""
        return cls(record.id, record.language, len(record.text), numbers(record.text, record.language))

    def may_repeat(self, other: Facts) -> bool:
        """Whether language and numbers allow that both describe the same case."""
        return self.language == other.language and agreement(self.numbers, other.numbers) >= NUMBERS

    def needs(self, other: Facts, minimum: float) -> float:
        """How alike the sentences must be."""
        few = min(len(self.numbers), len(other.numbers)) < FEWEST_NUMBERS
        return max(minimum, SURE) if few else minimum


def likeness(left: Vectors, right: Vectors) -> float:
    """The mean cosine of each sentence with the nearest of the other text, on the side where it is less.

    left, right: a row of length 1 for each sentence. Each side counts, so a part of a text is not the whole.
    """
    cosines = left @ right.T
    return float(min(cosines.max(axis=1).mean(), cosines.max(axis=0).mean()))

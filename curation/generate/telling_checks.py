"""What a told text is checked by that is made elsewhere: assertions by words around, texts of before, the store's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from curation.generate.told_facts import Assert


class Novelty(Protocol):
    """How like each other texts are that were made before."""

    def nearest(self, text: str, language: str) -> float:
        """How similar the most similar text of before is, from 0 to 1."""

    def add(self, text: str, language: str) -> None:
        """From now on, a text is one of those before."""


class CopiedWords(Protocol):
    """Words in a row that texts have from records of the store."""

    def longest(self, text: str, exempt: Sequence[str]) -> int:
        """The longest row of words that stands in a record too, and in none of the exempt texts; 0 for short ones."""

    def share(self, text: str, other: str) -> float:
        """The share of a text's words in rows that stand in the other text."""


@dataclass(frozen=True, slots=True)
class TellingChecks:
    """The checks of one run."""

    asserted: Assert
    novelty: Novelty
    copied: CopiedWords

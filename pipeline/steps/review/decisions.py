"""What waits for a person's word, by the names that a command is given."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from curation.decision import Decision, DecisionKind, Verdict
from curation.errors import unknown_name
from curation.store import Store
from validation.person_decisions import standing

WordT = TypeVar("WordT", bound=StrEnum)


def waiting(
    store: Store, verdict: str, *, of: str | None = None, layer: str | None = None, expectation: str | None = None
) -> list[Decision]:
    """The decisions of the verdict that count now. Raises UsageError for a word that is none of those known."""
    kind = None if of is None else word_of(DecisionKind, "a kind of verdict", of)
    return standing(store, word_of(Verdict, "a verdict", verdict), kind=kind, layer=layer, expectation=expectation)


def word_of(words: type[WordT], what: str, given: str) -> WordT:
    """The word of an enumeration. Raises UsageError naming the nearest."""
    if given not in set(words):
        raise unknown_name(what, given, words)
    return words(given)

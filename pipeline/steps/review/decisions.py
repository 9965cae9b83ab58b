"""What waits for a person's word, by the names that a command is given."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from annotation.label_studio.exchange.doubted import take_accepted
from curation.decision import Decision, DecisionKind, Verdict
from curation.errors import unknown_name
from curation.store import Store
from curation.store.findings import StandingDecision
from validation import person_decisions
from validation.person_decisions import AskedSubjects, standing

WordT = TypeVar("WordT", bound=StrEnum)


def waiting(
    store: Store, verdict: str, *, of: str | None = None, layer: str | None = None, expectation: str | None = None
) -> list[StandingDecision]:
    """The decisions of the verdict that count now. Raises UsageError for a word that is none of those known."""
    kind = None if of is None else word_of(DecisionKind, "a kind of verdict", of)
    return standing(store, word_of(Verdict, "a verdict", verdict), kind=kind, layer=layer, expectation=expectation)


def word_of(words: type[WordT], what: str, given: str) -> WordT:
    """The word of an enumeration. Raises UsageError naming the nearest."""
    if given not in set(words):
        raise unknown_name(what, given, words)
    return words(given)


def accept(store: Store, record_id: str, asked: AskedSubjects, *, by: str, reason: str) -> list[Decision]:
    """The person's acceptance; an answer that waited because its author was in doubt counts from now on."""
    made = person_decisions.accept(store, record_id, asked, by=by, reason=reason)
    take_accepted(store, made)
    return made

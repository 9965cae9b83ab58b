"""A measured workspace as it is after long work: verdicts that set every record aside, and reviews by two people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curation.record import Layer
    from curation.store import Store

#: One record in so many has two reviews, as a control sample has.
DOUBLE = 20
#: What was seen too often in the layers that are set aside.
FAILURE = {"expectation": "nothing_added", "severity": "hard", "column": "added_sentences", "observed": 1}


def set_all_aside(store: Store) -> int:
    """How many layers were quarantined: each that has a verdict."""
    from curation.decision import DecisionKind, Verdict

    details = {**FAILURE, "failures": [FAILURE]}
    changes = {"verdict": Verdict.QUARANTINED, "reason": "nothing_added: observed 1, expected 0", "details": details}
    made = [
        decision.model_copy(update=changes)
        for decision in store.latest_decisions()
        if decision.kind is DecisionKind.LAYER
    ]
    return store.decide(made)


def review_all(store: Store) -> int:
    """How many reviews there are: one of each record, a second one of some."""
    return store.add_layers(_reviews(store))


def _reviews(store: Store) -> Iterator[Layer]:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    for number, item in enumerate(store.items(["gold"])):
        gold = item.layers["gold"]
        for person in ("anna", "ben") if number % DOUBLE == 0 else ("anna",):
            yield gold.model_copy(
                update={
                    "name": f"human:{person}",
                    "author": f"human:{person}",
                    "entities": gold.entities if person == "anna" else gold.entities[:-1],
                    "created": begun + timedelta(minutes=number),
                    "provenance": {"annotation": f"{number}-{person}", "lead_time": 60.0},
                }
            )

"""Decisions for tests: accepted records, and the gravest word on each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curation.decision import BY_GRAVITY, Decision, DecisionKind, Verdict
from curation.store import Store


def given(
    ids: Iterable[str], *layers: str, verdict: Verdict = Verdict.ACCEPTED, by: str = "test"
) -> Iterator[Decision]:
    """The same verdict on the text of each record and on these layers."""
    for id in ids:
        yield Decision(record_id=id, verdict=verdict, by=by)
        for layer in layers:
            yield Decision(record_id=id, verdict=verdict, by=by, kind=DecisionKind.LAYER, layer=layer)


def gravest(store: Store) -> dict[str, Decision]:
    """Of the decisions that count on each record, whatever they are of, the gravest; the one on the text first."""
    found: dict[str, Decision] = {}
    for decision in store.latest_decisions():
        before = found.get(decision.record_id)
        if before is None or BY_GRAVITY.index(decision.verdict) > BY_GRAVITY.index(before.verdict):
            found[decision.record_id] = decision
    return found

"""What the queue knows of a record: what failed softly in what people will see, and whether they may see it."""

from __future__ import annotations

import pytest

from annotation.queue.record_summary import RecordSummary, record_summaries
from curation.decision import ANYWHERE, Decision, DecisionKind, Verdict
from curation.store import Store


@pytest.fixture
def cases(sqlite_store: Store, annotated) -> Store:
    """Two records with layers of a language model and of the rules."""
    for text in ("A [fever]{signs_symptoms}.", "A [cough]{signs_symptoms}."):
        record, layer = annotated(text, layer="rules", source_id="one")
        sqlite_store.add_records([record])
        sqlite_store.add_layers([layer, layer.model_copy(update={"name": "llm", "author": "llm:some@v1"})])
    return sqlite_store


def doubt(record_id: str, *expectations: str, verdict: Verdict = Verdict.NEEDS_REVIEW, **about: object) -> Decision:
    details = {"failures": [{"expectation": name} for name in expectations]} if expectations else {}
    return Decision.model_validate(
        {"record_id": record_id, "verdict": verdict, "by": "policy", "reason": "why", "details": details, **about}
    )


def on_layer(name: str) -> dict[str, object]:
    return {"kind": DecisionKind.LAYER, "layer": name}


OF_PRIVACY = {"kind": DecisionKind.PRIVACY, "destination": ANYWHERE}


def found(store: Store) -> dict[str, RecordSummary]:
    return {summary.id: summary for summary in record_summaries(store, ["llm", "rules"])}


def test_findings_are_those_of_the_text_the_shown_layer_and_of_identifiers(cases: Store) -> None:
    first, second = cases.record_ids()
    cases.decide(
        [
            doubt(first, "language_unmixed"),
            doubt(first, "nothing_invented", **on_layer("llm")),
            doubt(first, "entities_found", **on_layer("rules")),
            doubt(first, "free_of_identifiers", **OF_PRIVACY),
            doubt(second),
            # Nobody has looked for identifiers: no reason for a person to look at the record.
            doubt(second, **OF_PRIVACY),
        ]
    )
    summaries = found(cases)
    assert summaries[first].findings == ("free_of_identifiers", "language_unmixed", "nothing_invented")
    assert summaries[second].findings == ("why",)


def test_a_record_is_excluded_when_its_text_privacy_or_all_its_shown_layers_are_turned_away(cases: Store) -> None:
    first, second = cases.record_ids()
    cases.decide([doubt(first, verdict=Verdict.QUARANTINED, **on_layer("llm"))])
    assert (found(cases)[first].is_excluded, found(cases)[first].author) == (False, "rules")
    cases.decide([doubt(first, verdict=Verdict.REJECTED, **on_layer("rules"))])
    assert found(cases)[first].is_excluded
    cases.decide([doubt(second, verdict=Verdict.QUARANTINED, **OF_PRIVACY)])
    assert found(cases)[second].is_excluded

"""A decision says what it is of, and nothing that does not go with it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from curation.decision import ANYWHERE, TEXT, Decision, DecisionKind, Verdict, gravest, on_layer, on_privacy


def decision(**fields: object) -> Decision:
    return Decision.model_validate({"record_id": "r", "verdict": "accepted", "by": "test", **fields})


def test_what_was_decided_before_there_were_kinds_is_about_the_text() -> None:
    assert decision().subject == TEXT
    assert decision().subject_name == "text"


def test_a_layer_and_a_destination_are_the_subject() -> None:
    assert decision(kind="layer", layer="rules").subject == on_layer("rules")
    assert decision(kind="privacy", destination=ANYWHERE).subject == on_privacy()
    assert decision(kind="layer", layer="rules").subject_name == "layer rules"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "layer"},
        {"kind": "layer", "layer": ""},
        {"kind": "privacy"},
        {"layer": "rules"},
        {"destination": "export"},
        {"kind": "layer", "layer": "rules", "destination": "export"},
        {"kind": "privacy", "layer": "rules", "destination": "export"},
    ],
)
def test_what_does_not_go_with_the_kind_is_refused(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        decision(**fields)


def test_the_same_verdict_on_another_layer_says_something_else() -> None:
    rules, gold = (decision(kind="layer", layer=name) for name in ("rules", "gold"))
    assert rules.says_the_same_as(decision(kind="layer", layer="rules"))
    assert not rules.says_the_same_as(gold)
    assert not rules.says_the_same_as(decision())


def test_a_rejection_is_graver_than_quarantine_and_acceptance_weighs_least() -> None:
    assert gravest([Verdict.ACCEPTED, Verdict.REJECTED, Verdict.QUARANTINED]) is Verdict.REJECTED
    assert gravest([Verdict.ACCEPTED, Verdict.NEEDS_REVIEW]) is Verdict.NEEDS_REVIEW
    assert {kind.value for kind in DecisionKind} == {"text", "layer", "privacy"}

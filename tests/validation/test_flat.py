"""Whether a layer fits the flat view, the labels and the attributes of a scheme."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from planted_errors import SOUND, fill, story
from verdicts import gravest

from curation.decision import Verdict
from curation.record import Entity, Layer
from curation.scheme import DocumentLabel, EntityAttribute, Scheme, load_scheme
from curation.scoring.flat_shape import KEPT_AS, faults, shape
from curation.sources import Read, read
from curation.store import Store
from validation.measures.flat import measure
from validation.measures.measure import Columns, Scope, Subject
from validation.rules import RULES
from validation.settings import ValidationSettings
from validation.verdict import judge

DEFAULT = load_scheme()
WIDER = DEFAULT.model_copy(
    update={
        "labels": (DocumentLabel(name="smoking", values=("current", "never")),),
        "attributes": (EntityAttribute(name="course", values=("acute", "chronic"), categories=("diagnosis",)),),
    }
)


def _measured(scheme: Scheme = DEFAULT, **changes: Any) -> Columns:
    record, layer = story("r", SOUND)
    assert layer is not None
    (row,) = measure([Subject(record, layer.model_copy(update=changes))], Scope(scheme, ValidationSettings()))
    return row


def _said(text: str, category: str = "diagnosis", **fields: Any) -> Entity:
    return Entity(id="T99", category=category, text=text, alignment="none", **fields)


def _with(entity: Entity) -> tuple[Entity, ...]:
    layer = story("r", SOUND)[1]
    assert layer is not None
    return (*layer.entities, entity)


def test_a_sound_layer_has_no_faults() -> None:
    row = _measured()
    assert not any(value for value in row.values())


@pytest.mark.parametrize(
    ("entity", "column", "places"),
    [
        (_said("N/A"), "flat_faults", ["diagnosis: N/A beside facts"]),
        (_said("lupus", "zodiac"), "flat_faults", ["key unknown"]),
        (_said("gout; lupus"), "facts_changed", None),
        (_said("N/A", "pathology"), "facts_changed", None),
        (_said("-", "pathology"), "facts_changed", None),
    ],
)
def test_facts_that_the_flat_view_cannot_hold_are_counted(entity: Entity, column: str, places: object) -> None:
    row = _measured(entities=_with(entity))
    assert row[column] == 1
    if places is not None:
        assert row["flat_fault_places"] == places


def _answer(**changes: Any) -> str:
    view: dict[str, Any] = {**dict.fromkeys(DEFAULT.names, "N/A"), "age": "54", **changes}
    return json.dumps({key: value for key, value in view.items() if value != "left out"})


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (_answer(), []),
        (_answer(diagnosis=["gout", "lupus"]), ["diagnosis: list"]),
        (_answer(diagnosis={"main": "gout"}), ["diagnosis: no string"]),
        (_answer(diagnosis=None, age=""), ["age: empty string", "diagnosis: no string"]),
        (_answer(age="54; N/A"), ["age: N/A beside facts"]),
        (_answer(pathology="left out"), ["pathology: key missing"]),
        (_answer(height="180"), ["key 16: key unknown"]),
        (_answer()[:-1] + ', "age": "55"}', ["age: key twice"]),
        ("Here you are: {", ["not JSON"]),
        ("[]", ["not an object"]),
        ("[" * 100_000, ["not JSON"]),
        (None, ["no answer"]),
    ],
)
def test_what_is_wrong_with_an_answer_is_named_without_its_words(answer: str | None, wrong: list[str]) -> None:
    kept = shape(answer)
    assert [str(fault) for fault in faults(kept, DEFAULT)] == wrong
    row = _measured(provenance={KEPT_AS: kept if isinstance(kept, str) else dict(kept)})
    assert (row["answer_faults"], row["answer_fault_places"]) == (len(wrong), wrong)


def test_a_shape_that_was_written_by_hand_is_a_finding_and_no_crash() -> None:
    assert _measured(provenance={KEPT_AS: "strange"})["answer_fault_places"] == ["no string"]
    assert _measured(provenance={KEPT_AS: [1]})["answer_faults"] == 0


def test_labels_and_attributes_are_held_against_the_scheme() -> None:
    row = _measured(WIDER, labels={"smoking": "sometimes", "ward": "7"})
    assert (row["invalid_labels"], row["invalid_label_names"], row["unknown_labels"]) == (1, ["smoking"], 1)
    for category, attributes, wrong in (
        ("diagnosis", {"course": "acute", "side": "left"}, 0),
        ("diagnosis", {"course": "subacute"}, 1),
        ("age", {"course": "acute"}, 1),
    ):
        row = _measured(WIDER, entities=_with(_said("gout", category, attributes=attributes)))
        assert (row["invalid_attributes"], len(row["invalid_attribute_entities"])) == (wrong, wrong)  # type: ignore[arg-type]


@pytest.mark.expectations
def test_an_imported_flat_view_with_a_list_needs_review(tmp_path: Path) -> None:
    text = "A 54-year-old woman came with fever, a dry cough and night sweats for two weeks."
    summary = {**dict.fromkeys(DEFAULT.names, "N/A"), "signs_symptoms": ["fever", "a dry cough"], "age": "54"}
    file = tmp_path / "summaries.json"
    file.write_text(json.dumps([{"patient_uid": "7", "report": text, "summary": summary}]), encoding="utf-8")
    (item,) = read(file, format="elmtex")
    assert isinstance(item, Read)
    (layer,) = item.layers
    assert isinstance(layer, Layer)
    assert len(layer.entities) == 3
    settings = ValidationSettings.model_validate({"similarity": {"enabled": False}})
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(store, [(item.record, layer)], DEFAULT, settings)
        judge(store, DEFAULT, settings, tmp_path)
        (decision,) = gravest(store).values()
    assert decision.verdict is Verdict.NEEDS_REVIEW
    assert decision.details["expectation"] == "flat_answer_whole"
    assert decision.details["beside"] == {"answer_fault_places": ["signs_symptoms: list"]}


def test_a_label_that_is_not_given_needs_review_where_the_scheme_has_labels() -> None:
    row = _measured(WIDER)
    assert (row["missing_labels"], row["missing_label_names"]) == (1, ["smoking"])
    assert _measured(WIDER, labels={"smoking": "never"})["missing_labels"] == 0
    assert _measured()["missing_labels"] == 0


@pytest.mark.parametrize(
    ("scheme", "made"),
    [
        (DEFAULT, {"entities_found"}),
        (WIDER, {"entities_found", "labels_given"}),
        (Scheme(name="s", labels=WIDER.labels), {"labels_given"}),
    ],
)
def test_a_rule_holds_where_the_scheme_asks_for_what_it_looks_at(scheme: Scheme, made: set[str]) -> None:
    of_both = {rule.name for rule in RULES if rule.name in ("entities_found", "labels_given") and rule.applies(scheme)}
    assert of_both == made

"""What leaves for Label Studio is checked before it leaves, and only what validation has judged leaves."""

from __future__ import annotations

import pytest
from verdicts import given

from annotation.label_studio.exchange.repeats import task_key
from annotation.label_studio.exchange.task_payload import (
    NOT_VALIDATED,
    TURNED_AWAY,
    NotSent,
    TaskPayload,
    TaskRequest,
    task_payload,
    task_payloads,
)
from annotation.review_settings import ReviewSettings
from curation.decision import ANYWHERE, Decision, DecisionKind, Verdict
from curation.judge.judged import JudgedLayer, judging
from curation.judge.verdicts import EntityJudgement, JudgeOutcome
from curation.record import Entity, Fragment, Layer, Record, record_id
from curation.scheme import Scheme
from curation.scoring.calibration import Calibration
from curation.store import Store

TEXT = "Fever 🤒 and cough."
RECORD = Record(id=record_id(TEXT, language="en"), group="g", source="test", language="en", text=TEXT)


def layer(*entities: Entity, name: str = "rules", author: str = "rules@1") -> Layer:
    return Layer(record_id=RECORD.id, name=name, author=author, entities=entities)


def entity(start: int, end: int, text: str) -> Entity:
    return Entity(id="T1", category="signs_symptoms", text=text, fragments=(Fragment(start=start, end=end),))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (entity(11, 17, "cough."), "got other text there"),
        (entity(13, 99, "cough"), "offsets within the text"),
        # The place of cough in UTF-16 units, as a browser counts.
        (entity(13, 18, "cough"), "got other text there"),
        (entity(0, 5, "Cough"), "got other text there"),
    ],
)
def test_a_layer_whose_offsets_are_wrong_does_not_leave(scheme, wrong: Entity, why: str) -> None:
    kept = task_payload(RECORD, [layer(entity(0, 5, "Fever")), layer(wrong)], scheme, TaskRequest(RECORD.id))
    assert isinstance(kept, NotSent)
    assert why in kept.reason
    assert "ough" not in kept.reason


def test_each_layer_is_a_prediction_of_a_version_of_its_own(scheme) -> None:
    fever, cough = entity(0, 5, "Fever"), entity(12, 17, "cough")
    made = task_payload(
        RECORD,
        [layer(fever), layer(cough, name="few-shot", author="few-shot@2"), layer(cough, name="rules-2")],
        scheme,
        TaskRequest(RECORD.id),
    )
    assert isinstance(made, TaskPayload)
    assert made.versions == ("rules@1", "few-shot@2", "rules@1 (rules-2)")
    starts = [[region["value"]["start"] for region in one["result"]] for one in made.predictions]
    assert starts == [[0], [12], [12]]


def test_only_what_validation_has_judged_leaves(scheme, sqlite_store: Store) -> None:
    texts = {"accepted": "One.", "needs_review": "Two.", "quarantined": "Three.", "rejected": "Four.", "": "Five."}
    ids = {}
    for verdict, text in texts.items():
        record = RECORD.model_copy(update={"id": record_id(text, language="en"), "text": text})
        ids[record.id] = verdict
        sqlite_store.add_records([record])
        if verdict:
            sqlite_store.decide([Decision(record_id=record.id, verdict=Verdict(verdict), by="policy")])
    found = list(task_payloads(sqlite_store, scheme, ReviewSettings()))
    assert [ids[one.record_id] for one in found if isinstance(one, TaskPayload)] == ["accepted", "needs_review"]
    assert [(ids[one.record_id], one.reason) for one in found if isinstance(one, NotSent)] == [
        ("quarantined", TURNED_AWAY),
        ("rejected", TURNED_AWAY),
        ("", NOT_VALIDATED),
    ]
    everybody = task_payloads(sqlite_store, scheme, ReviewSettings(unvalidated=True))
    sent = [ids[one.record_id] for one in everybody if isinstance(one, TaskPayload)]
    assert sent == ["accepted", "needs_review", ""]


@pytest.fixture
def judged(sqlite_store: Store) -> Store:
    """A store with the record, its text accepted, and a layer of rules, of a language model, and a user's own."""
    sqlite_store.add_records([RECORD])
    sqlite_store.add_layers(
        [
            layer(entity(0, 5, "Fever")),
            layer(entity(12, 17, "cough"), name="llm", author="llm:some@v1"),
            layer(name="mine", author="mine"),
            layer(name="human:anna", author="human:anna"),
        ]
    )
    sqlite_store.decide(given([RECORD.id]))
    return sqlite_store


def versions(store: Store, scheme: Scheme, **settings: object) -> list[tuple[str, ...]]:
    made = task_payloads(store, scheme, ReviewSettings.model_validate(settings))
    return [payload.versions for payload in made if isinstance(payload, TaskPayload)]


def test_the_best_kind_of_model_is_shown_and_an_explicit_list_is_kept_to(scheme, judged: Store) -> None:
    assert versions(judged, scheme) == [("llm:some@v1",)]
    assert versions(judged, scheme, shown=5) == [("llm:some@v1", "rules@1")]
    assert versions(judged, scheme, layers=("mine", "rules"), shown=5) == [("mine", "rules@1")]
    assert versions(judged, scheme, layers=()) == [()]


def test_a_layer_that_was_turned_away_is_not_shown_and_without_any_the_record_stays(scheme, judged: Store) -> None:
    away = Decision(record_id=RECORD.id, verdict=Verdict.QUARANTINED, by="policy", kind=DecisionKind.LAYER, layer="llm")
    judged.decide([away, away.model_copy(update={"layer": "gold"})])
    assert versions(judged, scheme) == [("rules@1",)]
    judged.decide([away.model_copy(update={"layer": "rules"})])
    assert versions(judged, scheme) == []
    assert versions(judged, scheme, layers=()) == [()]


def test_what_is_quarantined_for_its_identifiers_does_not_leave(scheme, judged: Store) -> None:
    of_privacy = Decision(
        record_id=RECORD.id, verdict=Verdict.QUARANTINED, by="policy", kind=DecisionKind.PRIVACY, destination=ANYWHERE
    )
    judged.decide([of_privacy])
    assert versions(judged, scheme) == []
    judged.decide([of_privacy.model_copy(update={"verdict": Verdict.NEEDS_REVIEW})])
    assert versions(judged, scheme) == [("llm:some@v1",)]


def test_a_repeat_looks_like_any_other_record() -> None:
    keys = {task_key(RECORD.id, repeat) for repeat in range(4)}
    assert len(keys) == 4
    assert task_key(RECORD.id, 0) == RECORD.id
    assert all(len(key) == len(RECORD.id) and set(key) <= set("0123456789abcdef") for key in keys)


HALF = Calibration(kind="isotonic", learned_from=600, points=((0.0, 0.0), (1.0, 0.5)))


def scores(store: Store, scheme: Scheme, **calibrations: Calibration) -> tuple[list[float], float, tuple[str, ...]]:
    """The scores of the regions and of the prediction, and how they were read."""
    by_author = {name.replace("_", ":") + "@v1": found for name, found in calibrations.items()}
    (made,) = task_payloads(store, scheme, ReviewSettings(), calibrations=by_author)
    assert isinstance(made, TaskPayload)
    (prediction,) = made.predictions
    regions = [part["score"] for part in prediction["result"] if "score" in part]
    return regions, prediction["score"], made.scores


@pytest.fixture
def scored(judged: Store) -> Store:
    """The store with a layer of a language model whose entities have scores."""
    entities = [
        entity(0, 5, "Fever").model_copy(update={"score": 0.9}),
        entity(12, 17, "cough").model_copy(update={"id": "T2", "score": 0.5}),
    ]
    judged.add_layers([layer(*entities, name="llm", author="llm:some@v1")])
    return judged


def test_scores_are_calibrated_where_a_calibration_was_learned_and_it_is_said(scheme, scored: Store) -> None:
    assert scores(scored, scheme) == ([0.9, 0.5], 0.7, ("llm:some@v1: raw",))
    assert scores(scored, scheme, llm_other=HALF) == ([0.9, 0.5], 0.7, ("llm:some@v1: raw",))
    assert scores(scored, scheme, llm_some=HALF) == ([0.45, 0.25], 0.35, ("llm:some@v1: isotonic",))


def test_what_a_judge_found_is_in_the_scores_that_people_see_and_not_in_the_layer(scheme, scored: Store) -> None:
    (shown,) = (item.layers["llm"] for item in scored.items(["llm"]))
    told = {
        "T1": EntityJudgement(outcome=JudgeOutcome.REJECTED, probability=0.1, is_graded=True),
        "T2": EntityJudgement(outcome=JudgeOutcome.UNCLEAR),
    }
    found = JudgedLayer(layer="llm", version=shown.digest, by="llm:j@judge.v1", entities=told)
    stage = judging("llm")
    scored.put_measures(stage, {RECORD.id: {stage: found.model_dump(mode="json")}})
    by = "llm:some@v1 + judge llm:j@judge.v1"
    assert scores(scored, scheme) == ([0.5, 0.5], 0.5, (f"{by}: raw",))
    # A calibration of the author's scores alone says nothing of these.
    assert scores(scored, scheme, llm_some=HALF) == ([0.5, 0.5], 0.5, (f"{by}: raw",))
    (made,) = task_payloads(scored, scheme, ReviewSettings(), calibrations={by: HALF})
    assert isinstance(made, TaskPayload)
    assert made.predictions[0]["score"] == 0.25
    (after,) = (item.layers["llm"] for item in scored.items(["llm"]))
    assert after == shown
    # On a new version of the layer it says nothing.
    scored.add_layers([shown.model_copy(update={"entities": shown.entities[:1]})])
    assert scores(scored, scheme) == ([0.9], 0.9, ("llm:some@v1: raw",))

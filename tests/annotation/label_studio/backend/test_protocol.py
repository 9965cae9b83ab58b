"""The back end speaks Label Studio's protocol over HTTP, and nobody comes in without its password."""

from __future__ import annotations

import stat
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.label_studio.backend.basic_auth import BasicAuth, ensure_basic_auth, new_basic_auth, read_basic_auth
from annotation.label_studio.backend.selection import best_entity
from annotation.label_studio.backend.state import backend_folder
from annotation.label_studio.editor.label_config import label_config
from annotation.label_studio.settings import Variant
from annotation.review_settings import ReviewSettings
from curation.errors import ReviewError
from curation.record import Entity, Layer

TEXT = "👩‍⚕️ A 54-year-old woman had fever\tand cough.\r\nShe denied chest pain. Haemoglobin was 7.9 g/dl."


def regions(prediction):
    return [part for part in prediction["result"] if part["type"] == "labels"]


def test_predictions_stand_at_their_offsets_and_carry_the_version(rules_backend, scheme):
    (made,) = rules_backend.predict(TEXT, label_config=label_config(scheme))
    assert made["model_version"] == rules_backend.http.post("/setup", json={}).json()["model_version"] == "rules@3"
    found = {TEXT[one["value"]["start"] : one["value"]["end"]]: one["value"]["labels"] for one in regions(made)}
    assert found["fever"] == ["signs_symptoms"]
    assert all(TEXT[one["value"]["start"] : one["value"]["end"]] == one["value"]["text"] for one in regions(made))
    assert [part["value"]["choices"] for part in made["result"] if part["from_name"] == "assertion"] == [["negated"]]


def test_there_is_one_result_for_each_task_whatever_the_tasks_are(rules_backend):
    tasks = [{"id": 1, "data": {"text": TEXT}}, {"id": 2}, "garbage", {"id": 3, "data": {"text": "Fever."}}]
    results = rules_backend.http.post("/predict", json={"tasks": tasks}).json()["results"]
    assert [len(one["result"]) > 0 for one in results] == [True, False, False, True]


@given(st.text())
@settings(max_examples=25, deadline=None)
def test_a_garbled_body_is_an_answer_and_no_crash(rules_backend, body):
    for road in ("/predict", "/setup", "/webhook"):
        assert rules_backend.http.post(road, content=body.encode("utf-8", "surrogatepass")).status_code in (200, 400)


def test_what_the_project_does_not_know_is_not_predicted(rules_backend, scheme):
    poorer = scheme.model_copy(
        update={"categories": tuple(one for one in scheme.categories if one.name != "signs_symptoms"), "relations": ()}
    )
    (made,) = rules_backend.predict(TEXT, label_config=label_config(poorer))
    labels = {label for one in regions(made) for label in one["value"]["labels"]}
    assert labels
    assert "signs_symptoms" not in labels
    kept = {one["id"] for one in regions(made)}
    assert {part["id"] for part in made["result"] if part["from_name"] == "assertion"} <= kept


def test_a_project_is_shown_what_its_variant_can_show(rules_backend, scheme):
    (facts,) = rules_backend.predict(TEXT, label_config=label_config(scheme, variant=Variant.FLAT))
    lines = {part["from_name"]: part["value"]["text"] for part in facts["result"]}
    assert {part["type"] for part in facts["result"]} == {"textarea"}
    assert "fever" in lines["facts_signs_symptoms"]


def test_a_translation_and_its_original_are_both_annotated(rules_backend, scheme):
    german = "Eine 54-jährige Frau hatte Fieber."
    task = {"id": 1, "data": {"text": german, "language": "de", "original": TEXT, "original_language": "en"}}
    body = {"tasks": [task], "label_config": label_config(scheme, variant=Variant.SIDE_BY_SIDE)}
    (made,) = rules_backend.http.post("/predict", json=body).json()["results"]
    found = {(one["to_name"], one["from_name"], one["value"]["text"]) for one in regions(made)}
    assert {("text", "label", "Fieber"), ("original", "original_label", "fever")} <= found
    start = TEXT.index("fever")
    drawn = {**_drawn(start, start + 3), "from_name": "original_label", "to_name": "original"}
    (asked,) = rules_backend.http.post("/predict", json={**body, "params": {"context": {"result": [drawn]}}}).json()[
        "results"
    ]
    (region,) = regions(asked)
    assert (region["to_name"], region["value"]["start"], region["value"]["end"]) == ("original", start, start + 5)


@pytest.mark.parametrize("road", ["/health", "/setup", "/predict", "/versions"])
@pytest.mark.parametrize("auth", [None, ("clincurate", "wrong"), ("wrong", "")])
def test_nobody_comes_in_without_the_password(rules_backend, road, auth):
    method = "GET" if road in ("/health", "/versions") else "POST"
    answer = httpx.request(method, rules_backend.url + road, auth=auth, timeout=60)
    assert answer.status_code == 401
    assert "54" not in answer.text


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "é" * 3, "Bearer x", "Basic Y2xpbmN1cmF0ZQ=="])
def test_a_header_of_another_shape_opens_nothing(header):
    assert not BasicAuth("clincurate", "secret").accepts(header)
    assert BasicAuth("clincurate", "secret").accepts(BasicAuth("clincurate", "secret").header)


def test_the_password_is_made_once_and_read_by_its_owner_only(tmp_path):
    folder = backend_folder(tmp_path)
    made = ensure_basic_auth(folder)
    assert ensure_basic_auth(folder) == read_basic_auth(folder) == made
    again = new_basic_auth(folder)
    assert again == read_basic_auth(folder) != made
    assert not again.accepts(made.header)
    assert stat.S_IMODE((folder / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert made.password not in repr(made)
    (folder / "secrets.json").write_text("{}")
    with pytest.raises(ReviewError, match="remove the file"):
        read_basic_auth(folder)


def test_events_come_without_a_password_but_training_does_not(rules_backend):
    event = {"action": "ANNOTATION_CREATED", "annotation": {"result": [{"value": "x" * 1000}]}}
    open_road = httpx.post(rules_backend.url + "/webhook", json=event, timeout=60)
    assert (open_road.status_code, open_road.json()) == (200, {"status": "not needed"})
    for auth in (None, ("clincurate", "wrong")):
        refused = httpx.post(rules_backend.url + "/webhook", json={"action": "START_TRAINING"}, auth=auth, timeout=60)
        assert refused.status_code == 401
    assert rules_backend.http.get("/health").json()["training"] == {"state": "none"}


def test_the_token_that_setup_brings_is_kept_nowhere(run_backend, scheme, tmp_path, caplog):
    with run_backend(tmp_path / "workspace", scheme, ReviewSettings()) as backend:
        body = {"access_token": "f00dfeedf00dfeed", "schema": "<View/>", "project": "1.2", "hostname": "x"}
        assert "f00dfeed" not in backend.http.post("/setup", json=body).text
    assert "f00dfeed" not in caplog.text
    kept = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert kept
    assert not any(b"f00dfeed" in one.read_bytes() for one in kept)


def test_a_selection_is_given_the_label_and_the_borders_of_what_is_there(rules_backend):
    start = TEXT.index("ever")
    (made,) = rules_backend.predict(TEXT, context={"result": [_drawn(start, start + 2)]})
    (region,) = regions(made)
    value = region["value"]
    assert (TEXT[value["start"] : value["end"]], value["labels"]) == ("fever", ["signs_symptoms"])
    assert 0 < region["score"] <= 1


def test_a_selection_that_no_mark_meets_is_read_alone(slow_backend, slow):
    slow.go.set()
    text = "She took nothing but aspirin for it."
    start = text.index(" aspirin")
    slow.marks = {" aspirin ": (1, 8, "pharmacological_therapy")}
    drawn = {"result": [_drawn(start, start + 9)]}
    made = _until_there(lambda: next((one for one in slow_backend.predict(text, context=drawn) if one["result"]), None))
    (region,) = regions(made)
    assert region["value"]["labels"] == ["pharmacological_therapy"]
    assert (region["value"]["start"], region["value"]["end"]) == (start + 1, start + 8)


def test_a_selection_with_a_label_is_refined_to_a_mark_of_that_label(scheme):
    text = "fever and fever clinic"
    entities = (
        Entity.at(text, 0, 9, "diagnosis", id="T1"),
        Entity.at(text, 10, 22, "social_history", id="T2"),
    )
    layer = Layer(record_id="r", name="x", author="x", entities=entities)
    assert best_entity(layer, (6, 22)).id == "T2"
    assert best_entity(layer, (6, 22), "diagnosis").id == "T1"
    assert best_entity(layer, (9, 10)) is None


def test_a_mark_of_the_same_label_is_moved_and_one_that_is_right_left_alone(rules_backend):
    start = TEXT.index("fever")
    mine = {**_drawn(start, start + 2), "id": "mine"}
    mine["value"]["labels"] = ["signs_symptoms"]
    (moved,) = regions(rules_backend.predict(TEXT, context={"result": [mine]})[0])
    assert (moved["id"], moved["value"]["start"], moved["value"]["end"]) == ("mine", start, start + 5)
    mine["value"]["end"] = start + 5
    assert rules_backend.predict(TEXT, context={"result": [mine]})[0]["result"] == []
    # What came from an annotator, or was moved before, stays where people leave it.
    corrected = {**mine, "score": 0.5}
    corrected["value"] = {**mine["value"], "end": start + 2}
    assert rules_backend.predict(TEXT, context={"result": [corrected]})[0]["result"] == []
    # What is marked already is not marked twice.
    again = {**_drawn(start, start + 3), "id": "again"}
    again["value"]["labels"] = ["signs_symptoms"]
    assert rules_backend.predict(TEXT, context={"result": [mine, again]})[0]["result"] == []
    # Nobody's label is changed over their head: another one is offered beside it.
    mine["value"]["labels"] = ["diagnosis"]
    (beside,) = regions(rules_backend.predict(TEXT, context={"result": [mine]})[0])
    assert (beside["id"] != "mine", beside["value"]["labels"]) == (True, ["signs_symptoms"])


@pytest.mark.parametrize(
    "value",
    [{"start": -1, "end": 3}, {"start": 5, "end": 10**9}, {"start": "1", "end": "2"}, {"start": 3, "end": 3}, {}],
)
def test_a_selection_outside_the_text_brings_no_suggestion(rules_backend, value):
    (made,) = rules_backend.predict(TEXT, context={"result": [{"value": value}]})
    assert made["result"] == []


def test_what_is_not_ready_in_time_is_left_out_and_there_when_asked_again(slow_backend, slow):
    first, second = slow_backend.predict("first case", "second case")
    # Label Studio keeps nothing of an empty list, and asks again.
    assert (first, second) == ([], [])
    slow.go.set()
    again = _until_there(lambda: slow_backend.predict("first case", "second case")[1])
    assert again["model_version"] == "slow@1"
    assert [text for call in slow.calls for text in call] == ["first case", "second case"]


def test_a_record_that_cannot_be_annotated_is_an_empty_answer(slow_backend, slow):
    slow.go.set()
    _until_there(lambda: slow_backend.predict("healthy", "poison")[0])
    assert slow_backend.predict("healthy", "poison")[1] == []


def test_who_asks_at_once_is_answered_at_once(slow_backend, slow):
    """Eight requests while the annotator is busy become one call."""
    slow_backend.predict("busy")
    assert slow.begun.wait(60)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda n: slow_backend.predict(f"case {n}"), range(8))) == [[[]]] * 8
    slow.go.set()
    _until_there(lambda: slow_backend.predict("last")[0])
    assert sorted(slow.calls[1])[:8] == [f"case {n}" for n in range(8)]


def _drawn(start, end):
    return {"from_name": "label", "to_name": "text", "type": "labels", "value": {"start": start, "end": end}}


def _until_there(ask):
    """The prediction, asked for until there is one: the deadline of these tests is too short for a slow machine."""
    for _ in range(600):
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError("expected a prediction in the end, got none")

"""Every trap of Label Studio and its SDK that is known to us, and the test that shows that we do not fall into it.

The table names the tests; the first test sees to it that they are there: who renames one renames it here.
What had no test elsewhere has one below.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from pydantic import ValidationError

from annotation.label_studio.api.client import Client
from annotation.label_studio.api.errors import RefusedError
from annotation.label_studio.editor.label_config import label_config
from annotation.label_studio.exchange.push import push, request_batches
from annotation.label_studio.exchange.task_payload import TaskPayload, TaskRequest, task_payload
from annotation.review_settings import ReviewSettings
from curation.record import Entity, Layer, Record, record_id
from curation.store import Store

#: What happens to others, and the tests of this folder (or of one beneath it) that show that it does not to us.
TRAPS = {
    "the SDK repeats a POST that was answered by an error: a 502 after the commit makes everything thrice": (
        "test_an_answer_lost_after_the_commit_doubles_nothing",
        "test_a_kill_between_the_servers_commit_and_ours_doubles_nothing",
        "test_a_request_still_at_work_when_its_sender_was_killed_doubles_nothing",
    ),
    "what is imported again is there twice": (
        "test_a_second_push_adds_nothing",
        "test_two_pushes_at_once_double_nothing",
        "test_a_lost_ledger_is_made_again_from_the_server",
    ),
    "predictions are not checked unless a hidden flag is on; added later, bad ones vanish with a 201": (
        "test_a_prediction_of_other_controls_is_refused_and_never_vanishes",
    ),
    "offsets of predictions are never checked": ("test_a_layer_whose_offsets_are_wrong_does_not_leave",),
    "a project without a model version shows no predictions": (
        "test_push_sends_each_record_once_with_its_prediction",
        "test_new_predictions_are_shown_in_the_label_stream",
    ),
    "imported annotations are ground truth": ("test_no_annotation_is_ever_imported",),
    "the SDK's label interface drops scores and fails on repeaters": (
        "test_a_layer_becomes_regions_with_scores_assertions_and_relations",
        "test_no_control_that_fails_with_predictions_is_used",
    ),
    "a webhook that is changed without its actions has none": (
        "test_what_is_saved_is_there_at_once_and_the_hook_goes_with_the_watch",
    ),
    "a back end that is changed without its address or password is broken": (
        "test_label_studio_is_helped_while_people_work",
    ),
    "answers of the SDK hold nothing where counts should be; a filter for annotated tasks is ignored": (
        "test_a_full_pull_reads_one_snapshot_and_leaves_none_behind",
        "test_pulling_twice_adds_nothing_and_an_edit_adds_a_version",
    ),
    "a request of more than 250 MB is answered by a 500 about something else": (
        "test_a_request_is_never_larger_than_the_server_takes",
    ),
    "pages by number skip rows when tasks are deleted meanwhile; the SDK takes a 404 for the end": (
        "test_pages_leave_nothing_out",
        "test_pages_leave_nothing_out_while_tasks_are_deleted",
    ),
    "the API takes any garbage for an annotation, and empty ones too": (
        "test_garbage_is_kept_aside_and_everything_good_comes_in",
        "test_garbage_is_refused_kept_aside_and_keeps_nothing_good_out",
    ),
    "an annotation can be saved that fails every page and every snapshot it is on": (
        "test_an_annotation_that_the_server_cannot_show_hides_no_other",
        "test_a_task_that_the_server_cannot_show_hides_no_other",
    ),
    "a config that has lost a label in use is taken without a word": (
        "test_a_scheme_may_lose_what_nobody_used_and_nothing_else",
    ),
    "a title has 3 to 50 characters": ("test_a_title_that_the_server_would_refuse_is_refused_before",),
    "the SDK's errors hold response headers, cookies among them": (
        "test_a_server_that_is_gone_is_named_without_a_trace_of_the_token",
        "test_an_error_holds_no_header_and_no_text",
    ),
    "a pull by time misses edits and deletions": (
        "test_pulling_twice_adds_nothing_and_an_edit_adds_a_version",
        "test_deletions_are_kept_and_told_once",
    ),
    "the text of a region is not what stands at its offsets": ("test_offsets_are_exact_in_every_text",),
    "offsets are counted in other units than Python's": ("test_offsets_are_exact_in_every_text",),
    "runs of blanks are folded on the page": ("test_the_text_keeps_its_blanks",),
    "HyperText and paragraphs have other offsets": ("test_no_control_that_fails_with_predictions_is_used",),
    "webhooks and back ends on this machine are refused, or else the whole private network is open": (
        "test_the_server_may_call_this_machine_and_no_other_address",
    ),
    "webhooks are unsigned, wait a second, are not repeated": (
        "test_a_hint_is_answered_before_any_work_is_done",
        "test_a_lost_hint_is_made_up_for_by_looking",
    ),
    "anybody may sign up": ("test_a_stranger_can_neither_sign_up_nor_look_in",),
    "an account that is made through the API cannot log in": (
        "test_an_annotator_can_log_in_and_stays_the_same_when_added_again",
    ),
    "tokens of the wrong kind are refused without a reason": (
        "test_a_wrong_token_is_explained_and_not_repeated",
        "test_another_label_studio_is_reached_by_url_and_token",
    ),
    "everybody may delete what others did": (
        "test_deletions_are_kept_and_told_once",
        "test_a_deleted_annotation_is_reported_its_layer_stays_and_its_verdict_falls",
    ),
    "data and secrets lie open on the disk": ("test_only_the_owner_can_read_what_the_server_keeps",),
    "pages and the server call others": (
        "test_the_page_names_no_other_machine",
        "test_the_server_gets_no_variable_of_ours_and_calls_nobody",
    ),
    "a second annotator's work is shown to the first": (
        "test_a_record_for_two_is_shown_to_two_and_neither_sees_the_other",
    ),
    "an import gives every task the same number of annotators": (
        "test_a_record_for_two_is_shown_to_two_and_neither_sees_the_other",
    ),
    "a prediction is embedded in annotations that nobody began with it": (
        "test_predictions_that_were_taken_away_are_rejections",
    ),
    "predictions are made one by one at a dozen a second": (
        "test_layers_stand_side_by_side_and_new_versions_come_in_few_requests",
    ),
}


def test_every_trap_has_tests_that_are_there() -> None:
    here = Path(__file__).parent
    there = {
        node.name
        for path in here.rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    assert {name for names in TRAPS.values() for name in names} <= there


def fever(number: int) -> tuple[Record, Layer]:
    text = f"Case {number}: fever and cough."
    record = Record(id=record_id(text, language="en"), group=text, source="test", language="en", text=text)
    start = text.index("fever")
    entity = Entity.at(text, start, start + 5, "signs_symptoms", id="T1", score=0.5)
    return record, Layer(record_id=record.id, name="rules", author="rules@1", entities=(entity,))


@pytest.fixture
def pushed(client, settings, sqlite_store: Store, scheme, tasks) -> list[int]:
    """Six records with a prediction each, and their tasks."""
    for record, layer in map(fever, range(6)):
        sqlite_store.add_records([record])
        sqlite_store.add_layers([layer])
    push(sqlite_store, client, scheme, settings)
    return sorted(entry.task_id or 0 for entry in tasks().values())


def test_a_prediction_of_other_controls_is_refused_and_never_vanishes(pushed, client, settings) -> None:
    project = client.find_project(settings.project).id
    strange = {
        "model_version": "x",
        "result": [
            {
                "id": "a",
                "from_name": "nothing",
                "to_name": "text",
                "type": "labels",
                "value": {"start": 0, "end": 4, "labels": ["diagnosis"]},
            }
        ],
    }
    with pytest.raises(RefusedError) as refused:
        client.import_tasks(project, [{"data": {"text": "Case", "record_id": "a"}, "predictions": [strange]}])
    assert refused.value.status == 400
    with pytest.raises(RefusedError):
        client.import_predictions(project, [{**strange, "task": pushed[0]}])
    assert client.project(project).tasks == len(pushed)


def test_new_predictions_are_shown_in_the_label_stream(
    pushed, client, settings, sqlite_store: Store, scheme, anna
) -> None:
    newer = [layer.model_copy(update={"author": "rules@2"}) for _, layer in map(fever, range(6))]
    sqlite_store.add_layers(newer)
    push(sqlite_store, client, scheme, settings)
    task = anna.next_task(client.find_project(settings.project).id)
    assert [one["model_version"] for one in task["predictions"]] == ["rules@2"]
    # Nobody has said that they are right: no annotation, and none of them ground truth.
    assert (task["annotations"], task["total_annotations"]) == ([], 0)


def test_no_annotation_is_ever_imported(scheme) -> None:
    record, layer = fever(0)
    human = layer.model_copy(update={"name": "human:anna", "author": "human:anna"})
    made = task_payload(record, [layer, human], scheme, TaskRequest(record.id))
    assert isinstance(made, TaskPayload)
    assert set(made.task) == {"data", "predictions"}


def test_no_control_that_fails_with_predictions_is_used(scheme) -> None:
    tags = {element.tag for element in fromstring(label_config(scheme)).iter()}
    assert not tags & {"Repeater", "Pairwise", "HyperText", "Paragraphs"}


def test_a_request_is_never_larger_than_the_server_takes(scheme) -> None:
    made = [task_payload(record, [layer], scheme, TaskRequest(record.id)) for record, layer in map(fever, range(6))]
    payloads = [payload for payload in made if isinstance(payload, TaskPayload)]
    assert [len(batch) for batch in request_batches(payloads)] == [6]
    most = max(payload.most_bytes for payload in payloads)
    assert [len(batch) for batch in request_batches(payloads, limit=2 * most)] == [2, 2, 2]
    # One that is too heavy by itself goes alone: what the server says about it is about it.
    assert [len(batch) for batch in request_batches(payloads, limit=1)] == [1] * 6
    assert list(request_batches([])) == []


def test_pages_leave_nothing_out_while_tasks_are_deleted(pushed, client, settings, anna, monkeypatch) -> None:
    monkeypatch.setattr("annotation.label_studio.api.client.PAGE", 2)
    project = client.find_project(settings.project).id
    seen = []
    listing: Iterator[dict] = client.tasks(project, [], full=False)
    for task in listing:
        seen.append(task["id"])
        if len(seen) == 2:
            # By number, the second page would begin after two that have moved up.
            for earlier in pushed[:2]:
                anna.delete_task(earlier)
    assert seen == pushed


@pytest.mark.parametrize("title", ["", "ab", "x" * 51])
def test_a_title_that_the_server_would_refuse_is_refused_before(title: str) -> None:
    with pytest.raises(ValidationError):
        ReviewSettings(project=title)


def test_an_error_holds_no_header_and_no_text(client: Client, settings, label_studio) -> None:
    body = {"title": "A clinical text", "label_config": "<View><Broken"}
    with pytest.raises(RefusedError) as refused:
        client.call("POST", "/api/projects", body=body)
    told = repr(refused.value) + str(refused.value.__cause__) + str(refused.value.__context__)
    for secret in ("sessionid", "csrftoken", "clinical text", label_studio.server.token):
        assert secret not in told

"""`curate review queue` over a workspace: choose, review, and say when it is enough."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from annotation.queue.queue_files import queues
from curation.record import Layer
from pipeline.command import app
from pipeline.steps.review.queue import queued_tasks
from pipeline.workspace import Workspace

MIX = {"review.queue.size": 10, "review.queue.control": 0.5, "review.queue.repeats": 0.1}


@pytest.fixture
def workspace(tmp_path, annotated):
    """Forty records with the rules' layer; in every fourth the fever is called a diagnosis."""
    workspace = Workspace.make(tmp_path / "workspace", MIX)
    with workspace.open_store() as store:
        for number in range(40):
            category = "diagnosis" if number % 4 == 0 else "signs_symptoms"
            record, layer = annotated(f"Case {number} had [fever]{{{category}}} in spring.", layer="rules")
            store.add_records([record])
            store.add_layers([layer])
    return workspace


def review(workspace, ids):
    """A person says that every fever is a symptom."""
    with workspace.open_store() as store:
        for item in store.items(["rules"], ids=ids):
            right = tuple(
                entity.model_copy(update={"category": "signs_symptoms"}) for entity in item.layers["rules"].entities
            )
            human = Layer(record_id=item.record.id, name="human:anna", author="human:anna", entities=right)
            store.add_layers([human])


def run(workspace, *words):
    done = CliRunner().invoke(app, ["review", "queue", *words, "--json", "--workspace", str(workspace.folder)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.long
def test_a_queue_is_made_reviewed_and_judged(workspace):
    first = run(workspace)
    assert len(first["places"]) == 10
    assert run(workspace, "--stop")["control_reviewed"] == 0
    review(workspace, [entry["record_id"] for entry in first["places"]])
    found = run(workspace, "--stop")
    control = [entry["record_id"] for entry in first["places"] if entry["signal"] == "control"]
    assert (found["queue"], found["control_reviewed"], found["rest"]) == (
        1,
        len(control),
        first["frame"] - len(control),
    )
    assert found["records"]["low"] <= found["records"]["estimate"] <= found["records"]["high"]

    second = run(workspace, "--size", "20", "--control", "0")
    assert {entry["signal"] for entry in second["places"]} > {"repeat"}
    fresh = {entry["record_id"] for entry in second["places"] if entry["signal"] != "repeat"}
    assert not fresh & {entry["record_id"] for entry in first["places"]}
    assert [queue.number for queue in queues(workspace.folder / "runs")] == [1, 2]


def test_the_manifest_counts_and_names_nobody(workspace):
    made = run(workspace)
    (manifest,) = (workspace.folder / "runs").glob("*-review-queue.json")
    outcome = json.loads(manifest.read_text())["outcome"]
    assert outcome["file"] == "queue-00001.json"
    assert sum(outcome["places"].values()) == len(made["places"])
    assert not any(entry["record_id"] in manifest.read_text() for entry in made["places"])


@pytest.mark.long
def test_the_words_for_people_name_the_next_step(workspace):
    shown = CliRunner().invoke(app, ["review", "queue", "--stop", "--workspace", str(workspace.folder)])
    assert "make a queue with `curate review queue`" in shown.stdout.replace("\n", " ")
    run(workspace, "--size", "100")
    done = CliRunner().invoke(app, ["review", "queue", "--workspace", str(workspace.folder)])
    assert "no record is open" in done.stderr


def test_push_and_stop_are_two_things(workspace):
    done = CliRunner().invoke(app, ["review", "queue", "--push", "--stop", "--workspace", str(workspace.folder)])
    assert done.exit_code == 2


def test_a_record_that_comes_again_is_wanted_as_a_repeat(workspace):
    first = run(workspace)
    review(workspace, [entry["record_id"] for entry in first["places"]])
    run(workspace, "--size", "30")
    made = queues(workspace.folder / "runs")
    found = list(queued_tasks([*made, made[1]]))
    repeats = [one.record_id for one in made[1].entries if one.is_repeat]
    assert len(repeats) == 3
    assert len(found) == sum(len(queue.entries) for queue in made) + len(made[1].entries)
    again = sorted((one.record_id, one.repeat) for one in found if one.repeat)
    assert again == sorted((id, number) for id in repeats for number in (1, 2))
    assert {entry.annotators for entry in found} == {1, 2}

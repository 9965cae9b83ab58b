"""The figures of the last look are those of the next one, until anything has changed that they are made of."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import pytest

from annotation.agreement.settings import AgreementSettings
from annotation.progress import review_work
from annotation.progress.figures import work_progress
from annotation.progress.kept_figures import FILE, keep_progress, kept_progress, work_key
from annotation.progress.review_work import REVIEW_WORK
from annotation.review_settings import ReviewSettings
from curation.record import Entity, Layer, Record
from curation.sources import ReadOptions
from curation.store import ReviewTask, Store
from pipeline.steps.imports import import_into
from pipeline.steps.review import progress as step
from pipeline.workspace import Workspace

TEXT = "Fieber und Husten"
KEY = "Clinical review #1"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTINGS = ReviewSettings()


def answer(record: str, name: str = "human:änne", *, minutes: int = 0) -> Layer:
    fever = Entity.at(TEXT, 0, 6, "signs_symptoms", id="T1")
    created = MONDAY + timedelta(minutes=minutes)
    how = {"annotation": record, "lead_time": 60.0 + minutes}
    return Layer(record_id=record, name=name, author=name, entities=(fever,), created=created, provenance=how)


def task(record: str, number: int) -> ReviewTask:
    return ReviewTask(record_id=record, project=KEY, task_id=number)


def fill(store: Store) -> Store:
    """Three records with tasks, two of which somebody has reviewed."""
    ids = ("a", "b", "c")
    store.add_records(Record(id=id, group=id, source="t", language="de", text=TEXT) for id in ids)
    store.put_review_tasks(KEY, [task(id, number) for number, id in enumerate(ids, 1)])
    store.add_layers([answer("a"), answer("b")])
    return store


def deleted(store: Store, id: str) -> None:
    store.delete_records(list(store.records(ids=[id])), by="ruth", reason="asked", counts={id: {}})


def deleted_and_here_again(store: Store) -> None:
    """The last layer has the row of before, and says something else."""
    deleted(store, "b")
    store.add_records([Record(id="b", group="b", source="t", language="de", text=TEXT)])
    store.put_review_tasks(KEY, [task("b", 2)])
    store.add_layers([answer("b", minutes=9)])


CHANGES: dict[str, Callable[[Store], object]] = {
    "an answer": lambda store: store.add_layers([answer("c")]),
    "an answer of somebody else": lambda store: store.add_layers([answer("a", "human:ben")]),
    "a task": lambda store: store.put_review_tasks("Clinical review #2", [task("a", 1)]),
    "a task without a number": lambda store: store.put_review_tasks(
        KEY, [ReviewTask(record_id="c", project=KEY, task_id=None)]
    ),
    "a deletion": lambda store: deleted(store, "c"),
    "a deletion and a new import": deleted_and_here_again,
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_in_the_store_is_another_key(store: Store, change: str) -> None:
    before = work_key(fill(store), SETTINGS, {})
    assert work_key(store, SETTINGS, {}) == before
    CHANGES[change](store)
    assert work_key(store, SETTINGS, {}) != before


def test_settings_places_of_the_queue_and_the_time_zone_are_in_the_key(sqlite_store: Store) -> None:
    fill(sqlite_store)
    keys = [
        work_key(sqlite_store, settings, required)
        for settings, required in (
            (SETTINGS, {}),
            (SETTINGS, {"a": 2}),
            (ReviewSettings(project="Another"), {}),
            (ReviewSettings(agreement=AgreementSettings(seed=1)), {}),
        )
    ]
    with mock.patch("time.tzname", ("XST", "XDT")):
        keys.append(work_key(sqlite_store, SETTINGS, {}))
    assert len(set(keys)) == len(keys)


def test_what_is_kept_comes_back_as_it_was_for_its_key_alone(sqlite_store: Store, tmp_path: Path) -> None:
    made = work_progress(fill(sqlite_store), SETTINGS)
    assert kept_progress(tmp_path, "k") is None
    keep_progress(tmp_path, "k", made)
    assert kept_progress(tmp_path, "k") == made
    assert kept_progress(tmp_path, "other") is None
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert TEXT not in (tmp_path / FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"key": "k"}', '{"key": "k", "progress": {"people": 1}}'])
def test_a_file_that_is_not_what_was_written_counts_for_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    assert kept_progress(tmp_path, "k") is None


def test_the_second_look_counts_nothing_and_a_new_answer_is_in_the_third(tmp_path: Path) -> None:
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        fill(store)
        first = step.review_progress(workspace, store)
        with mock.patch.object(step, "work_progress", side_effect=AssertionError):
            again = step.review_progress(workspace, store, csv=tmp_path / "days.csv")
        store.add_layers([answer("c")])
        third = step.review_progress(workspace, store)
    assert again == first
    assert (first.reviewed, third.reviewed) == (2, 3)
    assert "änne" in (tmp_path / "days.csv").read_text(encoding="utf-8-sig")


def test_what_people_say_is_counted_by_the_command_that_brings_it(tmp_path: Path) -> None:
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store:
        fill(store)
        with step.counted_for_progress(workspace, store):
            store.add_layers([answer("b", "human:ben"), answer("c")])
        counted = {id for id, _ in store.measures(stage=REVIEW_WORK)}
        with mock.patch.object(review_work, "_counted", wraps=review_work._counted) as count:
            found = step.review_progress(workspace, store)
        store.put_measures(REVIEW_WORK, {id: {REVIEW_WORK: {"on": []}} for id in "abc"})
        assert work_progress(store, SETTINGS) == found
    assert counted == {"b", "c"}
    assert [call.args[2] for call in count.call_args_list] == [["a"]]
    assert [person.name for person in found.people] == ["ben", "änne"]


def test_an_import_of_annotations_leaves_nothing_to_count(tmp_path: Path) -> None:
    workspace = Workspace.make(tmp_path / "w")
    rows = [{"text": f"{TEXT} {number}", "entities": [{"label": "diagnosis", "text": "Husten"}]} for number in range(3)]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row | {"annotator": "änne"}) + "\n" for row in rows), encoding="utf-8")
    with workspace.open_store() as store:
        import_into(workspace, store, [str(source)], ReadOptions(language="de"))
        names = store.layer_names()
        with mock.patch.object(review_work, "_counted", wraps=review_work._counted) as count:
            found = step.review_progress(workspace, store)
    assert names == {"human:änne": 3}
    assert [call.args[2] for call in count.call_args_list] == [[]]
    assert found.people[0].done == 3


def test_where_nothing_can_be_written_it_is_counted_each_time(tmp_path: Path) -> None:
    workspace = Workspace.make(tmp_path / "w")
    with workspace.open_store() as store, mock.patch.object(step, "keep_progress", side_effect=PermissionError):
        fill(store)
        assert step.review_progress(workspace, store) == step.review_progress(workspace, store)
    assert not (tmp_path / "w" / FILE).exists()

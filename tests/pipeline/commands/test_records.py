"""A patient's right: after the deletion no file of the workspace has a word of the letter."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pyarrow.parquet
import pytest
from command_line import curate, curate_json
from full_workspace import LETTER, PATIENT, freeze, make, traces

from curation.egress.settings import Destination
from curation.store import Store, engine
from curation.store.egress import EgressCounts
from curation.store.review import ReviewEvent, ReviewTask
from exports.writer import unnamed
from pipeline.quoting_pages import quoting_pages
from pipeline.workspace import Workspace

pytestmark = pytest.mark.expectations

WHY = ("--reason", "the patient asked for it", "--by", "ruth")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("full") / "w")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "w")


def records(folder: Path, *words: object, code: int = 0) -> dict[str, object]:
    return curate_json("records", *words, "--workspace", folder, code=code)


def test_records_are_listed_by_what_they_have(folder: Path) -> None:
    found = records(folder, "list")["records"]
    assert len(found) == 15
    assert {row["source_id"] for row in found} >= {PATIENT, "case-0", "short"}
    assert "text" not in found[0]
    assert [row["id"] for row in records(folder, "list", "--language", "de")["records"]] == ["translation0000"]
    assert len(records(folder, "list", "--group", PATIENT)["records"]) == 2
    quarantined = records(folder, "list", "--verdict", "quarantined")["records"]
    assert "short" in {row["source_id"] for row in quarantined}
    assert all("quarantined" in row["verdicts"].values() for row in quarantined)
    assert len(records(folder, "list", "--layer", "human:anna", "--source", "rows")["records"]) == 15


def test_a_record_is_shown_with_all_that_is_known(folder: Path) -> None:
    found = records(folder, "show", PATIENT)
    assert (found["record"]["text"], found["record"]["source_id"]) == (LETTER, PATIENT)
    assert {layer["author"] for layer in found["layers"]} >= {"rules@3", "human:anna", "human:ben"}
    assert {decision["by"] for decision in found["decisions"]} == {"policy:validate@1", "human:ruth"}
    shown = curate("records", "show", found["record"]["id"][:6], "--workspace", folder).stdout
    for word in ("Quenneville", "Layer human:anna by human:anna", "Decisions"):
        assert word in shown


def test_a_dry_run_tells_and_changes_nothing(folder: Path) -> None:
    before = traces(folder)
    plan = records(folder, "delete", PATIENT, "--dry-run")
    assert plan["dry_run"]
    assert plan["counts"]["records"] == 2
    assert plan["counts"]["layers"] >= 5
    assert set(plan["pages"]) >= {"reports/validation/index.html"}
    assert traces(folder) == before
    assert records(folder, "show", PATIENT)["record"]["text"] == LETTER


@pytest.mark.parametrize("words", [(PATIENT,), ("--group", PATIENT)])
def test_no_file_has_a_word_of_a_deleted_record(folder: Path, words: tuple[str, ...]) -> None:
    # What a database writes over stands in its file until it is written anew.
    with Workspace.at(folder).open_store() as store:
        id = store.find_record(PATIENT)
        store.put_measures("scratch", {id: {"word": "Quenneville once"}})
        store.put_measures("scratch", {id: {"word": "other"}})
    assert set(traces(folder)) >= {"records.db", "reports/validation/index.html"}
    done = records(folder, "delete", *words, *WHY)
    assert traces(folder) == {}
    assert (done["counts"]["records"], done["problems"]) == (2, [])
    assert records(folder, "list")["records"] == [
        row for row in records(folder, "list")["records"] if row["source_id"] != PATIENT
    ]
    assert len(records(folder, "list")["records"]) == 13
    curate("validate", "--workspace", folder)
    curate("review", "guidelines", "--workspace", folder)


def test_the_audit_log_says_who_when_and_why_and_holds_no_text(folder: Path) -> None:
    id = records(folder, "show", PATIENT)["record"]["id"]
    records(folder, "delete", PATIENT, *WHY)
    lines = curate_json("audit", "--workspace", folder)["deletions"]
    assert {line["record_id"] for line in lines} == {id, "translation0000"}
    assert {(line["by"], line["reason"]) for line in lines} == {("human:ruth", "the patient asked for it")}
    assert next(line for line in lines if line["record_id"] == id)["counts"]["layers"] >= 3
    assert "the patient asked for it" in " ".join(curate("audit", "--workspace", folder).stdout.split())
    again = curate("records", "delete", id[:8], *WHY, "--workspace", folder)
    assert f"{id} was deleted on" in again.stderr
    assert "got 'nobody'" in curate("records", "delete", "nobody", *WHY, "--workspace", folder, code=2).stderr


def test_a_member_of_a_curated_set_is_deleted_by_force_only_and_the_set_says_so(folder: Path) -> None:
    name = freeze(folder)
    refused = curate("records", "delete", PATIENT, *WHY, "--workspace", folder, code=2).stderr
    assert f"got members of: {name} (1)" in refused
    assert records(folder, "show", PATIENT)["sets"].keys() == {name}
    before = curate_json("status", "--workspace", folder)["sets"][0]["records"]
    done = records(folder, "delete", PATIENT, *WHY, "--force")
    assert done["still_in"]["sets"] == {name: 1}
    assert done["still_in"]["exports"]
    row = curate_json("status", "--workspace", folder)["sets"][0]
    assert (row["records"], row["deleted"]) == (before - 1, 1)
    assert "1 deleted" in " ".join(curate("status", "--workspace", folder).stdout.split())
    done = curate("export", "hf", "--to", folder / "exports" / "second", "--workspace", folder)
    assert "1 of its records were deleted" in " ".join(done.stderr.split())
    assert {path.partition("/")[0] for path in traces(folder)} == {"exports"}
    assert not any(path.startswith("exports/second") for path in traces(folder))


def test_a_broken_set_is_whole_again_when_the_same_record_comes_and_is_frozen_again(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        record = next(store.records([store.find_record(PATIENT)]))
        layers, decisions = store.layer_history(record.id), store.decision_history(record.id)
    name = freeze(folder)
    records(folder, "delete", PATIENT, *WHY, "--force")
    with Workspace.at(folder).open_store() as store:
        store.add_records([record])
        store.add_layers(layers)
        store.decide(decisions)
    assert freeze(folder) == name
    (row,) = curate_json("status", "--workspace", folder)["sets"]
    assert row["deleted"] == 0
    assert PATIENT in {row["source_id"] for row in records(folder, "list")["records"]}


def test_copies_go_with_their_original_and_an_original_stays_aloud(folder: Path) -> None:
    curate("deidentify", "--workspace", folder)
    plan = records(folder, "delete", PATIENT, "--dry-run")
    assert plan["counts"]["records"] == 4
    with Workspace.at(folder).open_store() as store:
        original = store.find_record(PATIENT)
        copy = store.decisions([original])[original].details["replaced_by"]
    assert records(folder, "delete", copy, "--dry-run")["originals"] == [original, "translation0000"]
    records(folder, "delete", PATIENT, *WHY)
    assert traces(folder) == {}
    assert len(records(folder, "list")["records"]) == 13


def test_what_left_the_machine_and_what_has_the_same_text_is_told(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        record = next(store.records([store.find_record(PATIENT)]))
        store.add_records([record.model_copy(update={"id": "another", "group": "another", "meta": {}})])
        line = store.begin_egress(run=None, destination=Destination.MODEL, address="llm.example.org", policy="report")
        store.count_egress(line, EgressCounts(texts=1), records=[record.id])
    held = records(folder, "delete", PATIENT, "--dry-run")["still_in"]
    assert held["sent_to"] == {"model llm.example.org": 1}
    assert held["same_text"] == ["another"]


def test_tasks_wait_for_label_studio_and_the_same_command_finishes(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        id = store.find_record(PATIENT)
        task = ReviewTask(record_id=id, project="Review #1 now", task_id=7)
        store.put_review_tasks(task.project, [task])
        refused = {"project": task.project, "kind": "refused", "annotation_id": 1}
        store.add_review_events([ReviewEvent(task_id=7, content='"Quenneville"', **refused)])
        store.add_review_events([ReviewEvent(task_id=8, content='"kept"', **refused)])
    done = records(folder, "delete", PATIENT, *WHY, code=1)
    assert [task["task_id"] for task in done["tasks_left"]] == [7]
    assert "still in Label Studio" in done["problems"][0]
    assert traces(folder) == {}
    assert records(folder, "delete", PATIENT, *WHY, code=1)["tasks_left"] == done["tasks_left"]
    with Workspace.at(folder).open_store() as store:
        assert [event.content for event in store.review_events("Review #1 now")] == ['"kept"']


def test_a_database_that_another_process_uses_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_MS", 500)
    reader = sqlite3.connect(folder / "records.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records").fetchone()
    done = records(folder, "delete", PATIENT, *WHY, code=1)
    assert "another process uses a database file" in done["problems"][0]
    reader.execute("COMMIT")
    reader.close()
    assert records(folder, "delete", done["records"][0], *WHY)["problems"] == []
    assert traces(folder) == {}


@pytest.mark.parametrize("words", [(), ("--group", "nobody"), ("nobody",)])
def test_nothing_is_deleted_where_nothing_is_named(folder: Path, words: tuple[str, ...]) -> None:
    assert "error: expected" in curate("records", "delete", *words, *WHY, "--workspace", folder, code=2).stderr
    assert "give --reason" in curate("records", "delete", PATIENT, "--workspace", folder, code=2).stderr


def test_deletion_on_either_database(store: Store, annotated) -> None:
    record, layer = annotated("[Fever]{signs_symptoms} for a week.")
    other, others_layer = annotated("[Cough]{signs_symptoms} for a week.")
    store.add_records([record, other, record.model_copy(update={"id": "made", "translation_of": record.id})])
    store.add_layers([layer, others_layer])
    family = list(store.records(store.with_relatives([record.id])))
    assert [found.id for found in family] == [record.id, "made"]
    counts = store.owned_counts([found.id for found in family])
    store.delete_records(family, by="human:ruth", reason="asked", counts=counts)
    assert store.scrub()
    assert [found.id for found in store.records()] == [other.id]
    assert [(line.record_id, line.counts["layers"]) for line in store.deletions()] == [(record.id, 1), ("made", 0)]


def test_files_that_nobody_makes_anew_are_told_and_left(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "again.jsonl"
    source.write_text(json.dumps({"id": PATIENT, "text": LETTER}) + "\n", encoding="utf-8")
    curate("import", source, "--language", "en", "--workspace", folder)
    (folder / "notes.txt").write_text(f"Remember: {LETTER}", encoding="utf-8")
    (folder / "unlike.txt").write_text("Mr. Quenneville wrote.", encoding="utf-8")
    done = records(folder, "delete", PATIENT, *WHY)
    assert set(done["still_in"]["files"]) == {str(source), str(folder / "notes.txt")}
    assert set(traces(folder)) == {"notes.txt", "unlike.txt"}


def test_pages_are_found_by_their_words_whatever_stands_between(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        record = next(store.records([store.find_record(PATIENT)]))
    reports = folder / "reports"
    shutil.rmtree(reports)
    shutil.rmtree(folder / "gx")
    reports.mkdir()
    words = "seen on 3 March 2021 with crushing chest pain"
    quoting = {
        "marked.html": words.replace("March", "<mark class='x'>March</mark>&nbsp;"),
        "escaped.json": json.dumps({"text": words.replace(" ", "\n")}),
        "named.csv": f"id\n{record.id}\n",
    }
    for name, content in (quoting | {"other.html": "crushing chest pain, and other common words"}).items():
        (reports / name).write_text(content, encoding="utf-8")
    assert {path.name for path in quoting_pages(folder, [record])} == set(quoting)


def test_no_file_but_the_store_names_a_record_or_a_patient_as_the_source_does(folder: Path) -> None:
    freeze(folder)
    curate("export", "chat", "--to", folder / "exports" / "chat", "--workspace", folder)
    curate("records", "delete", "case-0", "--force", *WHY, "--workspace", folder)
    names = (PATIENT, "case-1", "case-5")
    assert {path.partition("-")[0] for path in traces(folder, names)} == {"records.db"}
    rows = _exported(folder / "exports" / "first")
    assert len({row["group"] for row in rows}) == len(rows)
    assert all("source_id" not in json.loads(row["meta"]) for row in rows)
    shown = curate("status", "--workspace", folder).stdout + curate("quarantine", "list", "--workspace", folder).stdout
    assert "short" in shown, "on this machine, people see their own names"


def test_an_export_keeps_pseudonyms_and_the_records_of_a_patient_together(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        record = next(store.records([store.find_record(PATIENT)]))
        second = record.model_copy(update={"id": "second", "text": record.text + " He went home."})
        store.add_records([second])
    assert {unnamed(one, record.id).group for one in (record, second)} == {record.id}
    marked = record.model_copy(update={"meta": {"source_id": "s-17", "deidentified": {"mode": "x", "places": []}}})
    assert unnamed(marked, "other") == marked


def _exported(folder: Path) -> list[dict[str, object]]:
    files = sorted((folder / "data").glob("*.parquet"))
    return [row for file in files for row in pyarrow.parquet.read_table(file).to_pylist()]

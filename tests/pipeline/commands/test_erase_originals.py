"""After de-identification, no page quotes an original; when the steward wants, no file has a word of one."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import curate, curate_json
from full_workspace import LETTER, PATIENT, TRACES, TRANSLATION, freeze, make, traces

from curation.decision import Decision, Verdict
from curation.embeddings.vector_store import VectorStore
from curation.record import digest
from curation.store import Store
from curation.store.engine import connect
from curation.store.review import ReviewTask
from pipeline.workspace import Workspace

pytestmark = pytest.mark.expectations

BY = ("--by", "ruth")
WHY = ("--reason", "the patient asked for it", *BY)
#: What de-identification replaces; the rest of the letter stands in its copy, too.
NAMED = ("Quenneville", "3 March 2021", PATIENT)
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make(tmp_path_factory.mktemp("full") / "w")
    keep_vectors(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "w")


def keep_vectors(folder: Path) -> None:
    """Vectors of the letter as the sentence encoder keeps them."""
    vector = np.ones(4, dtype=np.float32)
    VectorStore(folder / "vectors.db").keep({digest([LETTER], length=32): vector, sha(LETTER)[:32]: vector})


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashes(folder: Path) -> list[str]:
    """The files that hold a plain hash of the letter or of its translation, in figures or as bytes."""
    plain = [sha(LETTER), sha(TRANSLATION), digest([LETTER], length=64), digest(LETTER, length=64)]
    forms = [form for each in plain for form in (each[:16].encode(), bytes.fromhex(each)[:16])]
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]


def records(folder: Path, *words: object, code: int = 0) -> dict[str, object]:
    return curate_json("records", *words, "--workspace", folder, code=code)


def erase(folder: Path, *words: object, code: int = 0) -> dict[str, object]:
    return records(folder, "erase-originals", *BY, *words, code=code)


def content(folder: Path) -> dict[str, object]:
    """What the store and its log say, whatever the time."""
    with Workspace.at(folder).open_store() as store:
        return {
            "records": [record.model_dump(mode="json") for record in store.records()],
            "layers": sorted(
                (layer.record_id, layer.name, layer.digest)
                for record in store.records()
                for layer in store.layer_history(record.id)
            ),
            "log": [(line.record_id, line.by, line.reason, line.counts) for line in store.deletions()],
        }


def test_after_deidentification_no_page_and_no_vector_is_of_an_original(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        originals = (store.find_record(PATIENT), "translation0000")
    assert any(path.startswith("reports/") for path in traces(folder, NAMED))
    assert any(path.startswith("gx/uncommitted") for path in traces(folder, originals))
    done = curate_json("deidentify", "--workspace", folder)
    assert done["pages_deleted"] > 0
    assert (done["vectors_deleted"], done["originals"]) == (2, 2)
    assert {path.partition("-")[0] for path in traces(folder, TRACES)} == {"records.db"}
    assert not any(path.startswith(("reports/", "gx/")) for path in traces(folder, originals))
    assert not (folder / "vectors.db").exists()
    assert not (folder / "vectors.key").exists()
    again = curate_json("deidentify", "--workspace", folder)
    assert (again["pages_deleted"], again["vectors_deleted"], again["originals"]) == (0, 0, 2)
    said = curate("deidentify", "--workspace", folder).stderr
    assert "originals still in the store: 2" in " ".join(said.split())


def test_a_dry_run_of_deidentification_deletes_no_page(folder: Path) -> None:
    before = traces(folder, TRACES)
    curate("deidentify", "--dry-run", "--workspace", folder)
    assert traces(folder, TRACES) == before
    assert len(VectorStore(folder / "vectors.db")) == 2


def test_no_file_has_a_word_or_a_hash_of_an_erased_original(folder: Path) -> None:
    with Workspace.at(folder).open_store() as store:
        original = store.find_record(PATIENT)
        # What a database writes over stands in its file until it is written anew.
        store.put_measures("scratch", {original: {"word": "Quenneville once"}})
        store.put_measures("scratch", {original: {"word": "other"}})
    curate("deidentify", "--workspace", folder)
    keep_vectors(folder)
    curate("validate", "--layer", "human:anna", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        copies = {record.id for record in store.records() if "deidentified" in record.meta}
    done = erase(folder, "--yes")
    assert (done["counts"]["records"], done["problems"], done["left"]) == (2, [], {})
    assert set(done["records"]) == {original, "translation0000"}
    assert traces(folder, (*NAMED, LETTER, TRANSLATION)) == {}
    assert hashes(folder) == []
    assert traces(folder, (original,)) == {}, "its hash would tell whether a guess at the name is right"
    with Workspace.at(folder).open_store() as store:
        there = list(store.records())
        assert len(there) == 15
        assert copies <= {record.id for record in there}
        assert {record.translation_of for record in there} - {None} <= copies
    lines = curate_json("audit", "--workspace", folder)["deletions"]
    assert {line["record_id"] for line in lines} == copies
    assert {line["by"] for line in lines} == {"human:ruth"}
    assert all("original erased" in line["reason"] for line in lines)
    curate("validate", "--layer", "human:anna", "--workspace", folder)
    assert curate_json("deidentify", "--workspace", folder)["made"] == 0
    assert erase(folder, "--yes")["counts"]["records"] == 0


def test_what_would_be_erased_is_listed_and_nothing_changes(folder: Path) -> None:
    curate("deidentify", "--workspace", folder)
    before = content(folder)
    plan = erase(folder, "--dry-run")
    assert (plan["dry_run"], plan["counts"]["records"]) == (True, 2)
    shown = curate("records", "erase-originals", "--dry-run", "--workspace", folder).stdout
    assert PATIENT in shown
    assert content(folder) == before


def test_nothing_is_erased_unasked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert erase(folder)["counts"]["records"] == 0, "without originals there is nothing to ask"
    curate("deidentify", "--workspace", folder)
    before = content(folder)
    words = ("records", "erase-originals", *BY, "--workspace", folder)
    assert "expected --yes" in curate(*words, code=2).stderr
    assert "expected --yes" in curate(*words, "--json", code=2).stderr
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, left in ((False, before), (True, None)):
        monkeypatch.setattr("typer.confirm", lambda *_, answer=answer, **__: answer)
        curate(*words, code=0 if answer else 1)
        assert left is None or content(folder) == left
    assert traces(folder, NAMED) == {}


def test_an_original_of_a_curated_set_stays_until_forced(folder: Path) -> None:
    name = freeze(folder)
    curate("deidentify", "--workspace", folder)
    done = erase(folder, "--yes", code=1)
    assert done["left"] == {"are in curated sets, which --force breaks": 1}
    assert done["counts"]["records"] == 1
    with Workspace.at(folder).open_store() as store:
        assert store.find_record(PATIENT)
    shown = " ".join(curate("records", "erase-originals", "--yes", *BY, "--workspace", folder, code=1).stderr.split())
    assert "originals that stay: 1 are in curated sets" in shown
    done = erase(folder, "--yes", "--force")
    assert done["still_in"]["sets"] == {name: 1}
    assert done["still_in"]["exports"]
    assert {path.partition("/")[0] for path in traces(folder, NAMED)} == {"exports"}
    curate("status", "--workspace", folder)


def test_what_was_deidentified_anew_is_erased_too_and_what_a_person_brought_back_is_not(folder: Path) -> None:
    curate("deidentify", "--kinds", "NAME", "--workspace", folder)
    curate("deidentify", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        original = store.find_record(PATIENT)
        copies = [record.id for record in store.records() if "deidentified" in record.meta]
        accepted = Decision(record_id=original, verdict=Verdict.ACCEPTED, by="human:ruth", reason="no patient")
        store.decide([accepted])
    assert len(copies) == 4
    done = erase(folder, "--yes")
    assert done["counts"]["records"] == 3
    assert original not in done["records"]
    with Workspace.at(folder).open_store() as store:
        left = {record.id for record in store.records()}
    assert original in left
    assert len(left.intersection(copies)) == 2
    assert not left.intersection(done["records"])


def test_an_original_with_a_translation_that_is_not_deidentified_stays_and_that_is_said(folder: Path) -> None:
    curate("deidentify", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        record = next(store.records([store.find_record(PATIENT)]))
        later = {"id": "later", "text": LETTER.replace("Mr.", "M."), "language": "fr", "translation_of": record.id}
        store.add_records([record.model_copy(update={**later, "meta": {}})])
    left = erase(folder, "--yes", code=1)["left"]
    assert list(left) == ["have translations that are not de-identified; run `curate deidentify` first"]
    curate("deidentify", "--workspace", folder)
    assert erase(folder, "--yes")["left"] == {}
    assert traces(folder, NAMED) == {}


def test_tasks_of_originals_wait_for_label_studio(folder: Path) -> None:
    curate("deidentify", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        task = ReviewTask(record_id=store.find_record(PATIENT), project="Review #1 now", task_id=7)
        store.put_review_tasks(task.project, [task])
    done = erase(folder, "--yes", code=1)
    assert "still in Label Studio" in done["problems"][0]
    assert [task["task_id"] for task in erase(folder, "--yes", code=1)["tasks_left"]] == [7]
    assert traces(folder, NAMED) == {}


# ---- What stops a deletion: afterwards, the same command goes on from there.

#: Where it stops: before and after each step of it.
STOPS = (
    "pipeline.steps.records.VectorStore.forget",
    "curation.store.Store.drop_table",
    "curation.store.Store.delete_records",
    "curation.store.deletion.DeletionLog._log",
    "pipeline.steps.records.forget_records",
    "curation.store.Store.scrub",
)


def delete_patient(folder: Path, code: int = 0) -> object:
    return curate("records", "delete", PATIENT, *WHY, "--workspace", folder, code=code)


def delete_group(folder: Path, code: int = 0) -> object:
    return curate("records", "delete", "--group", PATIENT, *WHY, "--workspace", folder, code=code)


def erase_all(folder: Path, code: int = 0) -> object:
    return curate("records", "erase-originals", "--yes", *BY, "--workspace", folder, code=code)


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("delete", [delete_patient, delete_group, erase_all])
def test_an_interrupted_deletion_is_finished_by_the_same_command(
    folder: Path, tmp_path: Path, stop: str, delete: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    if delete is erase_all:
        curate("deidentify", "--workspace", folder)
    undisturbed = shutil.copytree(folder, tmp_path / "undisturbed")
    delete(undisturbed)
    before = content(folder)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stop, interrupt)
        delete(folder, code=130)
    assert content(folder) in (before, content(undisturbed)), "all records are there, or none"
    delete(folder)
    assert content(folder) == content(undisturbed)
    assert traces(folder, NAMED) == {}
    assert hashes(folder) == []


KILLED = """
import os, signal, sys
from unittest import mock
from pipeline.command import main

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

sys.argv = ["curate", *sys.argv[2:]]
with mock.patch(os.environ["STOP"], kill):
    main()
"""


@pytest.mark.parametrize("stop", ["curation.store.deletion.DeletionLog._log", "curation.store.Store.scrub"])
def test_a_killed_deletion_is_finished_by_the_same_command(folder: Path, tmp_path: Path, stop: str) -> None:
    undisturbed = shutil.copytree(folder, tmp_path / "undisturbed")
    delete_patient(undisturbed)
    words = ["records", "delete", PATIENT, *WHY, "--workspace", str(folder)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "STOP": stop}
    ended = subprocess.run([sys.executable, "-c", KILLED, "-", *words], env=variables, cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    delete_patient(folder)
    assert content(folder) == content(undisturbed)
    assert traces(folder) == {}
    assert hashes(folder) == []
    assert "got 'nobody'" in curate("records", "delete", "nobody", *WHY, "--workspace", folder, code=2).stderr


def test_every_sqlite_connection_writes_over_what_it_deletes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'records.db'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
    engine.dispose()
    opened: list[sqlite3.Connection] = []
    connecting = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **words: opened.append(connecting(*args, **words)) or opened[-1]
    )
    with VectorStore(tmp_path / "vectors.db")._open() as database:
        assert database.execute("PRAGMA secure_delete").fetchone() == (1,)
    assert len(opened) == 1


def test_originals_are_erased_on_either_database(store: Store, annotated: Callable[..., tuple[object, object]]) -> None:
    original, layer = annotated("Mrs. [Karin Lindemann]{gender} came with [fever]{signs_symptoms}.")
    copy = original.model_copy(update={"id": "copy", "text": "Mrs. Vera Kron came with fever."})
    store.add_records([original, copy])
    store.add_layers([layer])
    counts = store.owned_counts([original.id])
    store.delete_records([original], by="human:ruth", reason="erased", counts=counts, stand_ins={original.id: "copy"})
    assert store.scrub()
    assert [record.id for record in store.records()] == ["copy"]
    assert list(store.layer_history(original.id)) == []
    assert [line.record_id for line in store.deletions()] == ["copy"]

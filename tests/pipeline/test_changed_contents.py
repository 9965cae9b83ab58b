"""What was changed in the database and can still be read is found by `curate doctor`, and nothing else is."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json
from small_workspace import small_workspace

from curation.deidentify.identifiers.surrogate_marks import MARK
from curation.record import Record, record_id
from curation.store import Store
from curation.store.stored_digests import digest_checks
from pipeline.workspace import Workspace

TEXT = "Frau Müller hat Fieber."
#: Letters for letters, after what is said of them.
CHANGES = {
    "a word of a text": ("1 texts", "UPDATE records SET text = replace(text, 'Fieber', 'Husten') WHERE seq = 2"),
    "a letter of a text": ("1 texts", "UPDATE records SET text = replace(text, 'ü', 'ö') WHERE seq = 2"),
    "a blank of all texts": ("3 texts", "UPDATE records SET text = text || ' '"),
    "a language": ("1 texts", "UPDATE records SET language = 'en' WHERE seq = 2"),
    "meta data of another kind": ("1 texts", "UPDATE records SET meta = '[]' WHERE seq = 2"),
    "a category": ("1 layers", "UPDATE layers SET content = replace(content, 'signs_symptoms', 'age') WHERE seq = 2"),
    "an offset": (
        "1 layers",
        "UPDATE layers SET content = json_set(content, '$.entities[0].fragments[0].start', 15) WHERE seq = 2",
    ),
    "an author": ("1 layers", "UPDATE layers SET author = 'human:eve' WHERE seq = 2"),
    "a layer without entities": (
        "1 layers",
        "UPDATE layers SET content = json_remove(content, '$.entities') WHERE seq = 2",
    ),
    "a verdict": ("1 decisions", "UPDATE decisions SET verdict = 'rejected' WHERE seq = 2"),
    "a verdict within": (
        "1 decisions",
        "UPDATE decisions SET content = json_set(content, '$.verdict', 'rejected') WHERE seq = 2",
    ),
    "a split": ("1 sets (cases@1)", "UPDATE set_members SET split = 'other' WHERE rowid = 1"),
    "a member": ("1 sets (cases@1)", "DELETE FROM set_members WHERE rowid = 1"),
    "a manifest": ("1 sets (cases@1)", "UPDATE sets SET manifest = json_remove(manifest, '$.scheme')"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with records, layers, verdicts and a set."""
    return small_workspace(tmp_path_factory.mktemp("whole") / "w", TEXT, records=3)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(whole, tmp_path / "w"))


def contents(folder: Path, *, code: int = 0) -> dict[str, Any]:
    """What doctor says of the store's contents."""
    findings = curate_json("doctor", "--workspace", folder, code=code)["findings"]
    (found,) = [finding for finding in findings if finding["what"] == "contents"]
    return dict(found)


@pytest.mark.model
def test_what_was_not_changed_is_good_with_a_count_of_what_was_looked_at(folder: Path) -> None:
    found = contents(folder)
    assert (found["state"], found["do"]) == ("good", "")
    assert found["found"].startswith("as stored: 3 texts, 3 layers, 6 decisions, 1 sets; of measures")


@pytest.mark.model
@pytest.mark.parametrize("what", CHANGES)
def test_letters_over_letters_are_found(folder: Path, what: str) -> None:
    said, change = CHANGES[what]
    with closing(sqlite3.connect(folder / "records.db")) as connection:
        connection.execute(change)
        connection.commit()
    found = contents(folder, code=1)
    assert found["state"] == "bad"
    assert found["found"].startswith(f"changed since it was stored: {said}")
    assert "looked at 3 texts, 3 layers" in found["found"]
    assert "Husten" not in str(found)
    assert "Traceback" not in curate("doctor", "--workspace", folder, code=1).stderr


@pytest.mark.model
def test_a_set_that_lost_a_deleted_record_is_not_known(folder: Path) -> None:
    curate("records", "delete", "1", "--force", "--reason", "asked", "--by", "ruth", "--workspace", folder)
    found = contents(folder)
    assert found["state"] == "good"
    assert "cannot be known of 1 sets" in found["found"]


def made(text: str, *, source_id: str, **fields: Any) -> Record:
    """A record with the id that its content has."""
    id = record_id(text, language="de", source_id=source_id)
    return Record.model_validate({"id": id, "group": "g", "source": "s", "language": "de", "text": text, **fields})


@pytest.mark.parametrize(
    ("record", "changed", "unknown"),
    [
        (made("Fieber.", source_id=""), 0, 0),
        (made("Fieber.", source_id="7", meta={"source_id": "7"}), 0, 0),
        (made("Fieber.", source_id="case-1", group="case-1"), 0, 0),
        (made("Fieber.", source_id="pseudonym", meta={MARK: {}}), 0, 1),
        (made("Fieber.", source_id="7").model_copy(update={"id": "brief-7"}), 0, 1),
        (made("Fieber.", source_id="7"), 1, 0),
    ],
    ids=["no source id", "a source id", "a generated one", "a de-identified copy", "an id from elsewhere", "another"],
)
def test_a_text_is_told_by_the_id_of_its_record(store: Store, record: Record, changed: int, unknown: int) -> None:
    store.add_records([record])
    texts, *others = digest_checks(store, made_by_key=lambda meta: MARK in meta)
    assert (texts.looked_at, len(texts.changed), texts.unknown) == (1, changed, unknown)
    assert [check.looked_at for check in others] == [0, 0, 0]


@pytest.mark.model
def test_a_column_that_is_called_source_id_leaves_the_id_alone(tmp_path: Path) -> None:
    row = {"id": "a", "text": TEXT, "group": "g", "source_id": "of the ward"}
    (source := tmp_path / "rows.jsonl").write_text(json.dumps(row), encoding="utf-8")
    curate("init", "--workspace", tmp_path / "w")
    curate("import", source, "--language", "de", "--workspace", tmp_path / "w")
    with Workspace.at(tmp_path / "w").open_store() as store:
        (record,) = store.records()
    assert record.meta == {"source_id": "a", "source_id (column)": "of the ward"}
    assert contents(tmp_path / "w")["state"] == "good"

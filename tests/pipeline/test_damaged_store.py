"""A database with damaged rows: one line that names `curate doctor`, which finds them, and no word of a text."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from command_line import curate, curate_json
from small_workspace import small_workspace

from pipeline.workspace import Workspace

WORD = "Zederngrund"
TEXT = f"Frau {WORD} hat Fieber."
#: What a damaged page can hold in the place of a row's words: none, half of them, bytes that are no text.
DAMAGES = {
    "layers": "UPDATE layers SET content = substr(content, 1, length(content) - 20)",
    "records": "UPDATE records SET text = CAST(x'46FF' || CAST(text AS BLOB) AS TEXT)",
    "measures": "UPDATE measures SET found = 'x'",
    "decisions": "UPDATE decisions SET content = CAST(x'7B00FF' AS TEXT)",
    "jobs": "UPDATE jobs SET layer_rows = ''",
    "runs": "UPDATE runs SET manifest = '{'",
    "sets": "UPDATE sets SET manifest = substr(manifest, 2)",
}
COMMANDS = {
    "layers": (("records", "show", "1"), ("freeze", "--layer", "rules"), ("export", "chat", "--to", "out")),
    "records": (("records", "list"), ("export", "chat", "--to", "out")),
    "measures": (("records", "show", "1"),),
    "decisions": (("records", "list"), ("quarantine", "list")),
    "jobs": (),
    "runs": (("status",), ("records", "delete", "1", "--force", "--reason", "asked", "--by", "ruth")),
    "sets": (("export", "chat", "--to", "out"),),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with layers, measures, verdicts, a set and runs."""
    folder = small_workspace(tmp_path / "w", TEXT, records=3)
    with Workspace.at(folder).open_store() as store:
        store.put_measures("validate", {id: {"length": 3} for id in store.record_ids()})
    return folder


@pytest.mark.model
@pytest.mark.parametrize("table", DAMAGES)
def test_damaged_rows_are_one_line_and_found_by_doctor(folder: Path, table: str) -> None:
    with closing(sqlite3.connect(folder / "records.db")) as connection:
        connection.execute(DAMAGES[table])
        connection.commit()
    for words in COMMANDS[table]:
        where = [str(folder / word) if word == "out" else word for word in words]
        told = curate(*where, "--workspace", folder, code=1).stderr
        assert [line for line in told.splitlines() if line.startswith("error: ")] == [told.splitlines()[-1]]
        assert "curate doctor" in told
        assert "Traceback" not in told
        assert WORD not in told
    findings = curate_json("doctor", "--workspace", folder, code=1)["findings"]
    (bad,) = [finding for finding in findings if finding["state"] == "bad"]
    assert bad["what"] == "store"
    assert f"rows of {table} cannot be read" in bad["found"]
    assert WORD not in str(bad)

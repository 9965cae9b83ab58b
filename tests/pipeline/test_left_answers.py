"""Answers that came just before a process was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from curation.record import Record
from curation.store import Store
from pipeline.workspace import Workspace

pytestmark = pytest.mark.server

KILLED = """
import os, signal, sys
from pathlib import Path
from curation.models.contract import Answer, Attempt, Finish
from curation.store.answer_journal import AnswerJournal
from pipeline.workspace import Workspace

TIME = "2026-11-30T08:00:00.000+00:00"
workspace = Workspace.at(Path(sys.argv[1]))
journal = AnswerJournal(workspace.answers_folder, workspace.config.curation.store, failed=print)
answers = [Answer(f"answer {number}", Finish.STOP, "served", "off", 5, 7, 0.5) for number in range(3)]
attempts = [
    Attempt(f"{number:064}", "m", "annotate:llm", (f"r{number}",), 1, 0, "stop", TIME, answer)
    for number, answer in enumerate(answers)
]
for attempt in attempts:
    journal.note(attempt)
with workspace.open_store() as store:
    store.note_attempts(attempts[:1])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    told: list[str] = []
    made = Workspace.make(tmp_path / "w", notify=told.append)
    with made.open_store() as store:
        store.add_records(
            [
                Record(id=f"r{number}", group=f"g{number}", source="s", language="en", text=f"Fever {number}.")
                for number in range(3)
            ]
        )
    subprocess.run([sys.executable, "-c", KILLED, str(made.folder)], check=False)
    assert any((made.folder / "answers").iterdir())
    return made


def test_the_next_command_finds_them_in_the_store_each_once(workspace):
    with workspace.open_store() as store:
        for number in range(3):
            (attempt,) = store.attempts_about(f"r{number}")
            assert attempt.answer is not None
            assert attempt.answer.text == f"answer {number}"
        (spending,) = store.spending()
        assert (spending.answers, spending.cost) == (3, 1.5)
    assert list((workspace.folder / "answers").iterdir()) == []


def test_it_says_so_once(workspace):
    told: list[str] = []
    for _ in range(2):
        with Workspace.at(workspace.folder, notify=told.append).open_store():
            pass
    assert [line for line in told if "killed" in line] == [
        "2 answers came just before a process was killed: they are in the store now"
    ]


def test_a_workspace_that_was_moved_has_its_own(workspace, tmp_path):
    moved = workspace.folder.rename(tmp_path / "moved")
    with Workspace.at(moved).open_store() as store:
        assert len(store.attempts_about("r2")) == 1


def test_those_about_a_record_that_was_deleted_leave_their_cost_only(workspace):
    with Store.open(workspace.store_url) as store:
        store.delete_records(list(store.records(["r2"])), by="human:tester", reason="asked", counts={"r2": {}})
    with workspace.open_store() as store:
        assert not store.attempts_about("r2")
        (spending,) = store.spending()
        assert (spending.answers, spending.forgotten) == (3, 1)
    assert not any(b"answer 2" in path.read_bytes() for path in workspace.folder.rglob("*") if path.is_file())

"""`curate review status` for people: words, no values of Python."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

from command_line import curate

from annotation.label_studio.server import server
from annotation.label_studio.status import NO_HISTORY, review_status
from annotation.review_settings import ReviewSettings
from curation.store import Store
from pipeline.workspace import Workspace

FOUND = {
    "url": None,
    "own": True,
    "pid": 26549,
    "up": False,
    "tasks": 20_000,
    "annotators": {"human:änne": 12, "human:ben": 1_000},
    "training": {},
    "foreign": ["webhook: number 7"],
}


def test_numbers_of_processes_yes_and_no_and_counts_are_words(tmp_path: Path) -> None:
    Workspace.make(tmp_path)
    with mock.patch("pipeline.steps.review.status.review_status", side_effect=lambda *_: dict(FOUND)):
        shown = curate("review", "status", "--workspace", tmp_path)
        printed = json.loads(curate("review", "status", "--json", "--workspace", tmp_path).stdout)
    rows = [[cell.strip() for cell in line.split("│")[1:3]] for line in shown.stdout.splitlines() if "│" in line]
    assert dict(rows) == {
        "url": "none",
        "own": "yes",
        "pid": "26549",
        "up": "no",
        "tasks": "20,000",
        "annotators": "human:änne: 12, human:ben: 1000",
        "training": "none",
        "not ours": "1",
    }
    assert "not ours: webhook: number 7" in shown.stderr
    assert printed == FOUND


def test_a_server_without_a_history_is_told(sqlite_store: Store, tmp_path: Path) -> None:
    running = mock.Mock(url="http://127.0.0.1:9", pid=1, login="s", log=tmp_path / "log", token="t")
    with mock.patch.object(server, "status", return_value=running):
        states = [
            review_status(sqlite_store, tmp_path, ReviewSettings(history=kept))["history"] for kept in (True, False)
        ]
    assert states == ["kept", NO_HISTORY]

"""Attempts that are not in the store yet, beside it."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from curation.models.contract import Answer, Attempt, Finish, TokenProbability
from curation.store import answer_journal
from curation.store.answer_journal import AnswerJournal, left_behind

STORE = "sqlite:///records.db"
ANSWER = Answer("Fieber \ud83d und\x00 Übelkeit", Finish.STOP, "m", "schema", 7, 9, 0.25, 0.3)
ATTEMPT = Attempt("k" * 64, "m", "annotate:llm", ("r1", "r2"), 1, 0, "stop", "2026-11-30T08:00:00.000+00:00", ANSWER)


@pytest.fixture
def failures() -> list[OSError]:
    return []


@pytest.fixture
def journal(tmp_path: Path, failures: list[OSError]) -> AnswerJournal:
    return AnswerJournal(tmp_path / "answers", STORE, failed=failures.append)


def numbered(count: int) -> list[Attempt]:
    return [replace(ATTEMPT, key=f"{number:064}") for number in range(count)]


def found(folder: Path, store: str = STORE) -> list[Attempt]:
    return [attempt for left in left_behind(folder / "answers", store) for attempt in left.attempts]


@pytest.mark.parametrize(
    "attempt",
    [
        ATTEMPT,
        replace(ATTEMPT, answer=None, state="timeout"),
        replace(
            ATTEMPT, answer=replace(ANSWER, logprobs=(TokenProbability("\ud83d", -1 / 3), TokenProbability("x", 0)))
        ),
        replace(ATTEMPT, answer=replace(ANSWER, tokens_in=None, cost=None, finish=Finish.TRUNCATED)),
    ],
)
def test_an_attempt_is_read_back_as_it_was(journal, tmp_path, attempt):
    journal.note(attempt)
    journal.close()
    assert found(tmp_path) == [attempt]
    assert found(tmp_path) == []
    assert list((tmp_path / "answers").iterdir()) == []


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_what_is_in_the_store_is_in_no_file_any_more(journal, tmp_path, count):
    for attempt in numbered(count):
        journal.note(attempt)
    journal.stored(count)
    assert not any(path.read_bytes() for path in (tmp_path / "answers").iterdir())
    journal.close()
    assert list((tmp_path / "answers").iterdir()) == []


def test_what_is_not_stored_yet_stays(journal, tmp_path):
    attempts = numbered(150)
    for attempt in attempts:
        journal.note(attempt)
    journal.stored(70)
    journal.close()
    kept = found(tmp_path)
    assert {attempt.key for attempt in attempts[70:]} <= {attempt.key for attempt in kept}
    assert len(kept) < 150


def test_files_are_used_again(journal, tmp_path):
    for attempt in numbered(1_000):
        journal.note(attempt)
        journal.stored(1)
    assert len(list((tmp_path / "answers").iterdir())) == 1


def test_files_of_a_process_that_lives_are_its_own(journal, tmp_path):
    journal.note(ATTEMPT)
    assert found(tmp_path) == []
    journal.stored(1)
    journal.close()


def test_another_store_has_nothing_to_do_with_them(journal, tmp_path):
    journal.note(ATTEMPT)
    journal.close()
    assert found(tmp_path, "sqlite:///other.db") == []
    assert found(tmp_path) == [ATTEMPT]


def test_a_line_that_was_being_written_is_none(journal, tmp_path):
    journal.note(ATTEMPT)
    journal.note(replace(ATTEMPT, number=2))
    journal.close()
    (path,) = (tmp_path / "answers").iterdir()
    path.write_bytes(path.read_bytes()[:-40])
    assert found(tmp_path) == [ATTEMPT]


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[]",
        b"{}",
        b"\xff\x00",
        b'{"key": 1}',
        *(
            answer_journal._line(replace(ATTEMPT, **changed)).strip()
            for changed in ({"key": 7}, {"time": "yesterday"}, {"number": "one"}, {"answer": replace(ANSWER, text=3)})
        ),
    ],
)
def test_a_whole_line_that_is_no_attempt_is_counted_and_takes_no_other_along(journal, tmp_path, line):
    journal.note(ATTEMPT)
    journal.close()
    (path,) = (tmp_path / "answers").iterdir()
    path.write_bytes(line + b"\n" + path.read_bytes())
    (left,) = left_behind(tmp_path / "answers", STORE)
    assert (left.attempts, left.unread) == ([ATTEMPT], 1)


def test_a_password_is_no_part_of_a_name(tmp_path):
    journals = [AnswerJournal(tmp_path / "answers", f"postgresql://u:{word}@h/d", failed=print) for word in ("a", "b")]
    for journal in journals:
        journal.note(ATTEMPT)
        journal.close()
    assert len({path.name.split("-")[0] for path in (tmp_path / "answers").iterdir()}) == 1


def test_where_files_cannot_be_locked_nothing_is_written(journal, tmp_path, failures, monkeypatch):
    def refused(file: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refused)
    journal.note(ATTEMPT)
    assert len(failures) == 1
    assert list((tmp_path / "answers").iterdir()) == []


def test_nobody_else_may_read_them(journal, tmp_path):
    journal.note(ATTEMPT)
    (path,) = (tmp_path / "answers").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    journal.close()


def test_a_full_disk_is_told_once_and_stops_nothing(journal, failures, monkeypatch):
    def full(file: int, content: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal.note(ATTEMPT)
    monkeypatch.setattr(answer_journal, "_write", full)
    for attempt in numbered(3):
        journal.note(attempt)
    monkeypatch.undo()
    journal.stored(4)
    journal.close()
    assert len(failures) == 1


def test_what_is_used_up_only_in_part_stays_in_its_file(journal, tmp_path):
    journal.note(ATTEMPT)
    journal.close()
    left = left_behind(tmp_path / "answers", STORE)
    assert next(left).attempts == [ATTEMPT]
    left.close()  # the store could not take it
    assert found(tmp_path) == [ATTEMPT]


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert found(tmp_path) == []

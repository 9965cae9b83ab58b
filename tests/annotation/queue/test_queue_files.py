"""Queues as files: written once, never changed."""

from __future__ import annotations

import json

import pytest

from annotation.queue.plan import plan
from annotation.queue.queue_files import queued_record_ids, queues, save_queue
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import RecordPool
from curation.errors import CurateError


@pytest.fixture
def queue(summary):
    return plan(RecordPool([summary(f"{number}") for number in range(20)], {}), QueueSettings(size=8))


def test_a_queue_comes_back_as_it_was(queue, tmp_path):
    save_queue(queue, tmp_path)
    assert queues(tmp_path) == [queue]
    assert queued_record_ids(tmp_path) == set(queue.record_ids)


def test_the_keys_in_the_file_are_those_of_older_queues(queue, tmp_path):
    path = save_queue(queue, tmp_path)
    places = json.loads(path.read_text(encoding="utf-8"))["places"]
    assert [(place["record_id"], place["place"]) for place in places] == [
        (entry.record_id, entry.position) for entry in queue.entries
    ]


def test_a_queue_is_never_replaced(queue, tmp_path):
    save_queue(queue, tmp_path)
    with pytest.raises(CurateError, match="another process has just made it"):
        save_queue(queue, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["queue-00001.json"]


def test_what_a_killed_process_left_is_not_taken_for_a_queue(queue, tmp_path):
    (tmp_path / ".queue-00001.json.4711").write_text('{"number": 1, "pla')
    assert queues(tmp_path) == []
    save_queue(queue, tmp_path)
    assert len(queues(tmp_path)) == 1


def test_a_damaged_queue_is_an_error_without_its_content(tmp_path):
    (tmp_path / "queue-00001.json").write_text('{"number": 1, "secret": "x"}')
    with pytest.raises(CurateError, match=r"queue-00001\.json, but it does not fit") as raised:
        queues(tmp_path)
    assert "secret" not in str(raised.value)

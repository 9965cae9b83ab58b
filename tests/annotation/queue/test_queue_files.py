"""Queues as files: written once, never changed."""

from __future__ import annotations

import pytest

from annotation.queue.plan import plan
from annotation.queue.queue_files import keep, queued, queues
from annotation.queue.settings import QueueSettings
from annotation.queue.signals import Known
from curation.errors import CurateError


@pytest.fixture
def queue(sketch):
    return plan(Known([sketch(f"{number}") for number in range(20)], {}), QueueSettings(size=8))


def test_a_queue_comes_back_as_it_was(queue, tmp_path):
    keep(queue, tmp_path)
    assert queues(tmp_path) == [queue]
    assert queued(tmp_path) == set(queue.record_ids)


def test_a_queue_is_never_replaced(queue, tmp_path):
    keep(queue, tmp_path)
    with pytest.raises(CurateError, match="another process has just made it"):
        keep(queue, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["queue-00001.json"]


def test_what_a_killed_process_left_is_not_taken_for_a_queue(queue, tmp_path):
    (tmp_path / ".queue-00001.json.4711").write_text('{"number": 1, "pla')
    assert queues(tmp_path) == []
    keep(queue, tmp_path)
    assert len(queues(tmp_path)) == 1


def test_a_damaged_queue_is_an_error_without_its_content(tmp_path):
    (tmp_path / "queue-00001.json").write_text('{"number": 1, "secret": "x"}')
    with pytest.raises(CurateError, match=r"queue-00001\.json, but it does not fit") as raised:
        queues(tmp_path)
    assert "secret" not in str(raised.value)

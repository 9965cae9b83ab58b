"""The queue annotates in batches, nothing twice, and no record spoils another."""

from __future__ import annotations

import pytest

from annotation.label_studio.backend.prediction_queue import LoadedAnnotator, PredictionQueue
from annotation.label_studio.settings import BackendSettings
from curation.record import Record, record_id

PATIENCE = 60


def record(text):
    return Record(id=record_id(text, language="en"), group="-", source="test", language="en", text=text)


@pytest.fixture
def queue(slow, scheme):
    made = PredictionQueue(
        lambda: LoadedAnnotator(slow, slow.version, slow.fingerprint), scheme, BackendSettings(gather=0.0)
    )
    yield made
    slow.go.set()
    made.close()


def test_what_waits_together_is_annotated_in_one_call(queue, slow):
    first = queue.submit(record("first"))
    assert slow.begun.wait(PATIENCE)
    others = [queue.submit(record(f"case {number}")) for number in range(5)]
    slow.go.set()
    assert all(one.result(PATIENCE).layer is not None for one in [first, *others])
    assert slow.calls == [["first"], [f"case {number}" for number in range(5)]]


def test_the_same_text_is_annotated_once_while_it_waits_and_after(queue, slow):
    first, again = queue.submit(record("same")), queue.submit(record("same"))
    slow.go.set()
    assert first.result(PATIENCE) == again.result(PATIENCE) == queue.submit(record("same")).result(PATIENCE)
    assert slow.calls == [["same"]]


def test_a_selection_goes_before_preannotations(queue, slow):
    queue.submit(record("first"))
    assert slow.begun.wait(PATIENCE)
    queue.submit(record("opened"))
    queue.submit(record("selected"), urgent=True).add_done_callback(lambda _: None)
    slow.go.set()
    queue.submit(record("last")).result(PATIENCE)
    assert [text for call in slow.calls for text in call] == ["first", "selected", "opened", "last"]


def test_a_record_that_fails_leaves_the_others_of_its_batch_whole(queue, slow, caplog):
    queue.submit(record("first"))
    assert slow.begun.wait(PATIENCE)
    good, bad = queue.submit(record("healthy")), queue.submit(record("poison"))
    slow.go.set()
    assert good.result(PATIENCE).layer is not None
    assert bad.result(PATIENCE).layer is None
    assert "poison" not in caplog.text
    assert record("poison").id in caplog.text
    # It is tried again when it is opened again.
    queue.submit(record("poison")).result(PATIENCE)
    assert slow.calls.count(["poison"]) == 2


def test_a_new_version_of_the_annotator_is_asked_anew(queue, slow):
    slow.go.set()
    assert queue.submit(record("same")).result(PATIENCE).version == "slow@1"
    slow.version = "slow@2"
    assert queue.submit(record("same")).result(PATIENCE).version == "slow@2"
    assert slow.calls == [["same"], ["same"]]

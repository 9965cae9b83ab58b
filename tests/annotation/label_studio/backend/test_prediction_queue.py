"""The desk annotates in batches, nothing twice, and no record spoils another."""

from __future__ import annotations

import pytest

from annotation.label_studio.backend.prediction_queue import Desk, Ready
from annotation.label_studio.settings import BackendSettings
from curation.record import Record, record_id

PATIENCE = 60


def record(text):
    return Record(id=record_id(text, language="en"), group="-", source="test", language="en", text=text)


@pytest.fixture
def desk(slow, scheme):
    made = Desk(lambda: Ready(slow, slow.version, slow.fingerprint), scheme, BackendSettings(gather=0.0))
    yield made
    slow.go.set()
    made.close()


def test_what_waits_together_is_annotated_in_one_call(desk, slow):
    first = desk.ask(record("first"))
    assert slow.begun.wait(PATIENCE)
    others = [desk.ask(record(f"case {number}")) for number in range(5)]
    slow.go.set()
    assert all(one.result(PATIENCE).layer is not None for one in [first, *others])
    assert slow.calls == [["first"], [f"case {number}" for number in range(5)]]


def test_the_same_text_is_annotated_once_while_it_waits_and_after(desk, slow):
    first, again = desk.ask(record("same")), desk.ask(record("same"))
    slow.go.set()
    assert first.result(PATIENCE) == again.result(PATIENCE) == desk.ask(record("same")).result(PATIENCE)
    assert slow.calls == [["same"]]


def test_a_selection_goes_before_preannotations(desk, slow):
    desk.ask(record("first"))
    assert slow.begun.wait(PATIENCE)
    desk.ask(record("opened"))
    desk.ask(record("selected"), soon=True).add_done_callback(lambda _: None)
    slow.go.set()
    desk.ask(record("last")).result(PATIENCE)
    assert [text for call in slow.calls for text in call] == ["first", "selected", "opened", "last"]


def test_a_record_that_fails_leaves_the_others_of_its_batch_whole(desk, slow, caplog):
    desk.ask(record("first"))
    assert slow.begun.wait(PATIENCE)
    good, bad = desk.ask(record("healthy")), desk.ask(record("poison"))
    slow.go.set()
    assert good.result(PATIENCE).layer is not None
    assert bad.result(PATIENCE).layer is None
    assert "poison" not in caplog.text
    assert record("poison").id in caplog.text
    # It is tried again when it is opened again.
    desk.ask(record("poison")).result(PATIENCE)
    assert slow.calls.count(["poison"]) == 2


def test_a_new_version_of_the_annotator_is_asked_anew(desk, slow):
    slow.go.set()
    assert desk.ask(record("same")).result(PATIENCE).version == "slow@1"
    slow.version = "slow@2"
    assert desk.ask(record("same")).result(PATIENCE).version == "slow@2"
    assert slow.calls == [["same"], ["same"]]

"""Batches of questions in the store: what lies at a provider is left out elsewhere, and falls with records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.models.contract import Answer, Attempt, Finish
from curation.record import Record, record_id
from curation.stage import Result
from curation.store import Store
from curation.store.batches import ANSWERED, BatchQuestion, BatchState, LineOutcome

HOUR = 3600.0
ANSWER = Answer("{}", Finish.STOP, "served", "schema", 11, 7, 0.25)


class Asking:
    """A stage that asks the model m."""

    name, fingerprint, reads, models = "annotate:llm", "1", (), ("m",)


class Plain:
    """A stage that asks nobody."""

    name, fingerprint, reads = "annotate:rules", "1", ()


@pytest.fixture
def records(store: Store) -> list[Record]:
    texts = [f"Patient {number} hustet." for number in range(4)]
    made = [
        Record(id=record_id(text, language="de"), group=text, source="s", language="de", text=text) for text in texts
    ]
    store.add_records(made)
    return made


def question(key: str, *about: Record) -> BatchQuestion:
    return BatchQuestion(key, 0, "schema", tuple(record.id for record in about), about[0].id)


def gathered(store: Store, mark: str, *questions: BatchQuestion, model: str = "m") -> list[str]:
    store.begin_batch(mark, model, Asking.name, "http://h/v1", worker="w", lease=HOUR)
    return store.add_to_batch(mark, Asking.name, questions)


def outcome(key: str, state: str = ANSWERED) -> LineOutcome:
    answer = ANSWER if state == ANSWERED else None
    said = "stop" if answer else state
    return LineOutcome(state, Attempt(key, "m", Asking.name, (), 0, 0, said, "2026-11-30T08:00:00+00:00", answer))


def pending(store: Store, stage: object) -> set[str]:
    return {item.record.id for page in store.pending(stage) for item in page.items}


def test_records_with_questions_in_a_batch_are_left_out_of_what_asks_the_same_model(store, records) -> None:
    first, example, *others = records
    assert gathered(store, "a", question("k1", first, example)) == ["k1"]
    left = {record.id for record in (example, *others)}
    assert pending(store, Asking()) == left
    assert {item.record.id for item in store.claim(Asking(), 9, worker="x", lease=HOUR).items} == left
    assert store.count_lying(Asking.name, ["m"]) == 1
    assert store.count_lying(Asking.name, ["other"]) == store.count_lying("judge", ["m"]) == 0
    assert len(pending(store, Plain())) == 4


def test_a_question_that_lies_there_is_not_sent_again_for_another_record(store, records) -> None:
    gathered(store, "a", question("k1", records[0]))
    assert gathered(store, "b", question("k1", records[1]), question("k2", records[2])) == ["k2"]
    assert store.count_lying(Asking.name, ["m"]) == 3
    assert gathered(store, "c", question("k1", records[3]), model="other") == ["k1"]
    first, *_ = store.batches()
    (attempt,) = store.note_lines(first, [outcome("k1")])
    assert set(attempt.record_ids) == {records[0].id, records[1].id}


def test_what_came_is_noted_once_however_often_it_is_read(store, records) -> None:
    gathered(store, "a", *(question(f"k{number}", record) for number, record in enumerate(records)))
    store.change_batch("a", requests=4, state=BatchState.SENT.value)
    (batch,) = store.batches()
    assert len(store.note_lines(batch, [outcome("k0"), outcome("k1", "rejected"), outcome("k9")])) == 2
    assert store.note_lines(batch, [outcome("k0"), outcome("k1", "rejected")]) == []
    store.note_lines(batch, [outcome("k2", "busy")])
    assert store.questions_in(batch)["k3"] == ("schema", "open")
    store.settle_batch(batch, {"answered": 1}, {"rejected"}, [])
    assert store.batch_failures(["m"]) == {"k1": "rejected"}
    assert set(store.answers(["k0", "k1", "k2"])) == {"k0"}
    (spending,) = store.spending()
    assert spending.attempts == {"busy": 1, "rejected": 1, "stop": 1}
    assert len(pending(store, Asking())) == 4
    store.forget_failures(["k1"])
    assert store.batch_failures(["m"]) == {}


def test_questions_fall_with_each_record_that_they_are_about_and_their_cost_is_kept(store, records) -> None:
    gathered(store, "a", question("k1", records[0], records[1]), question("k2", records[2]))
    store.change_batch("a", requests=2, state=BatchState.SENT.value, batch_id="batch_1")
    assert store.batches_about([records[1].id]) == {"batch_1 at http://h/v1": 1}
    deleted = records[1]
    store.delete_records([deleted], by="human:Kim", reason="r", counts={deleted.id: {}})
    (batch,) = store.batches()
    assert (batch.requests, batch.left, store.keys_in_batch("a")) == (2, 1, {"k2"})
    assert store.note_lines(batch, [outcome("k1")]) == []
    gone = replace(outcome("k1").attempt, answer=replace(ANSWER, text=""))
    store.settle_batch(batch, {"unknown": 1}, set(), [gone])
    (spending,) = store.spending()
    assert (spending.answers, spending.forgotten, spending.cost) == (1, 1, 0.25)
    assert store.answers(["k1"]) == {}


def test_whoever_failed_before_is_looked_at_again_once_a_question_about_it_came_back(store, records) -> None:
    failed = Result(records[0].id, error="truncated", kind="truncated")
    claimed = store.claim(Asking(), 1, worker="x", lease=HOUR)
    store.commit(Asking(), [failed], seen={}, claim=claimed.token)
    assert records[0].id not in pending(store, Asking())
    gathered(store, "a", question("k1", records[0]))
    assert records[0].id not in pending(store, Asking())
    (batch,) = store.batches()
    store.note_lines(batch, [outcome("k1")])
    store.settle_batch(batch, {}, set(), [])
    assert records[0].id in pending(store, Asking())


def test_one_worker_has_a_batch_until_it_ends_or_its_lease_does(store, records) -> None:
    gathered(store, "a", question("k1", records[0]))

    def taken(worker: str, *ended: str) -> list[str]:
        found = store.take_batches(["a"], worker=worker, lease=HOUR, has_ended=lambda name: name in ended)
        return [batch.mark for batch in found]

    assert taken("x") == []
    assert taken("w") == ["a"]
    assert taken("x", "w") == ["a"]
    assert taken("w") == []
    store.renew_batches("x", 0.0)
    assert taken("w") == ["a"]
    store.drop_abandoned(lambda name: False)
    assert len(store.batches()) == 1
    store.drop_abandoned(lambda name: True)
    assert store.batches() == []
    assert len(pending(store, Asking())) == 4


def test_a_dropped_batch_leaves_its_row_only_where_it_is_to(store, records) -> None:
    for mark, keep in (("a", True), ("b", False)):
        gathered(store, mark, question(mark, records[0]))
        store.drop_batch(mark, keep=keep)
    assert store.batches() == []
    assert [(batch.mark, batch.state) for batch in store.batches(ended=True)] == [("a", BatchState.ENDED)]
    assert len(pending(store, Asking())) == 4

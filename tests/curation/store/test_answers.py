"""The ledger of language models: every attempt kept as it came, billed to its records, and gone with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from curation.errors import StoreError
from curation.models.contract import Answer, Attempt, Finish, TokenProbability
from curation.stage import Result
from curation.store.answers import Forgotten
from curation.store.tables import answers

NOON = "2026-05-01T12:00:00+00:00"
SAID = Answer("{}", Finish.STOP, "qwen-7b", "schema", 10, 2, 0.5, 0.25, (TokenProbability("{}", -0.1),))


def asked_about(store, ids) -> set[str]:
    return {id for id in ids if store.attempts_about(id)}


def attempt(key="a", *, about=(), number=1, model="big", state=None, answer=SAID, time=NOON, purpose="annotate"):
    state = state or (answer.finish.value if answer else "unreachable")
    return Attempt(key, model, purpose, tuple(about), number, 0, state, time, answer)


@pytest.fixture
def ids(store, annotated):
    records = [annotated(f"Patient {number} hat [Fieber]{{signs_symptoms}}.", language="de")[0] for number in range(3)]
    store.add_records(records)
    return [record.id for record in records]


def cost(store):
    return sum(spending.cost for spending in store.spending())


@pytest.mark.parametrize(
    "text",
    ["", "Fieber über 39 °C", "\0 in the middle", "half a pair \ud83d", "{" * 200_000, "\r\n\t  "],
    ids=["empty", "umlauts", "zero", "surrogate", "long", "white"],
)
def test_an_answer_is_kept_as_it_came(store, ids, text):
    probabilities = (TokenProbability("ü\0\ud83d", -0.123456789012345), TokenProbability("", 0.0))
    answer = Answer(text, Finish.LOOPING, "modèle", "enforced", 1, 0, 1e-9, 3.5, probabilities)
    store.note_attempts([attempt(about=ids[:1], answer=answer)])
    assert store.answers(["a", "b"]) == {"a": answer}
    assert store.attempts_about(ids[0]) == [attempt(about=ids[:1], answer=answer, time="2026-05-01T12:00:00.000+00:00")]


def test_what_a_server_counts_and_calls_itself_is_never_in_the_way(store):
    odd = replace(SAID, model="gpt\0\ud83d\n", tokens_in=10**30, tokens_out=-1, cost=float("nan"))
    store.note_attempts([attempt(answer=odd), attempt("b")])
    assert store.answers(["a"]) == {
        "a": replace(odd, model="gpt\\x00\\ud83d\\n", tokens_in=None, tokens_out=None, cost=None)
    }
    (spending,) = store.spending()
    assert (spending.cost, spending.unpriced, spending.answers, spending.tokens_in) == (0.5, 1, 2, 10)


def test_the_latest_answer_counts_and_an_attempt_without_one_does_not(store, ids):
    refused, later = replace(SAID, text="no", finish=Finish.REFUSED), replace(SAID, text="[]")
    store.note_attempts([attempt(answer=refused), attempt(number=2, answer=later), attempt("b", answer=None)])
    store.note_attempts([attempt(number=3, answer=None, state="unreachable")])
    store.note_attempts([])
    assert store.answers(["a", "b", "c", "a"]) == {"a": later}
    assert store.attempts_at(["a", "b", "c"]) == {"a": 3, "b": 1}
    assert asked_about(store, ids) == set()


@pytest.mark.parametrize("damage", [{"text": b"\xff"}, {"logprobs": b"\x09"}, {"finish": "cut"}, {"text": None}])
def test_an_answer_that_cannot_be_read_is_an_error_that_says_so(store, ids, damage):
    store.note_attempts([attempt(about=ids[:1])])
    with store.write() as connection:
        connection.execute(sa.update(answers).values(**damage))
    with pytest.raises(StoreError, match="expected an answer of big in row 1 of answers, it cannot be read"):
        store.answers(["a"])
    assert store.forget_answers(record_ids=ids).attempts == 1


def test_many_keys_are_looked_up_at_once(store):
    store.note_attempts([attempt(str(number)) for number in range(1_300)])
    assert set(store.answers(str(number) for number in range(2_000))) == {str(number) for number in range(1_300)}


def test_spending_is_told_by_model_and_purpose_and_every_attempt_is_billed(store):
    truncated = replace(SAID, finish=Finish.TRUNCATED, cost=None, tokens_out=None)
    store.note_attempts(
        [attempt(), attempt(number=2, answer=truncated), attempt(answer=None), attempt("b", model="small")]
    )
    store.note_attempts([attempt("c", purpose="judge")])
    big, judged, small = store.spending()
    assert (big.model, big.purpose, big.answers, big.attempts) == (
        "big",
        "annotate",
        2,
        {"stop": 1, "truncated": 1, "unreachable": 1},
    )
    assert (big.tokens_in, big.tokens_out, big.cost, big.unpriced, big.forgotten) == (20, 2, 0.5, 1, 0)
    assert [(judged.model, judged.purpose), (small.model, small.answers)] == [("big", "judge"), ("small", 1)]


def test_attempts_are_kept_with_the_results_of_a_batch_or_not_at_all(store, ids, annotated):
    class Stage:
        name, fingerprint, reads = "stage", "1", ()

    store.commit(Stage(), [Result(ids[0], error="cut off", kind="truncated")], seen={}, attempts=[attempt(about=ids)])
    assert asked_about(store, [*ids, "other"]) == set(ids)
    assert [(failure.record_id, failure.kind) for failure in store.failures()] == [(ids[0], "truncated")]
    with pytest.raises(ValueError, match="isoformat"):
        store.commit(Stage(), [Result(ids[1])], seen={}, attempts=[attempt("b", about=ids), attempt("c", time="soon")])
    assert (store.attempts_at(["b", "c"]), store.count_jobs()) == ({}, {"stage": {"done": 0, "failed": 1}})


def test_failures_are_tried_again_by_their_kind(store, ids):
    class Stage:
        name, fingerprint, reads = "stage", "1", ()

    kinds = ("truncated", "refused", None)
    store.commit(Stage(), [Result(id, error="no", kind=kind) for id, kind in zip(ids, kinds, strict=True)], seen={})
    tried = {
        words: [item.record.id for page in store.pending(Stage(), kinds=words) for item in page.items]
        for words in ((), ("truncated",), ("refused", "truncated"), ("empty",))
    }
    assert tried == {(): [], ("truncated",): ids[:1], ("refused", "truncated"): ids[:2], ("empty",): []}
    assert store.count_pending(Stage(), kinds=["refused"]) == 1
    store.commit(Stage(), [Result(ids[0])], seen={})
    assert {failure.record_id: failure.kind for failure in store.failures()} == {ids[1]: "refused", ids[2]: None}


def test_answers_go_with_each_of_their_records_and_the_bill_stays(store, ids):
    first, second, third = store.records(ids)
    store.note_attempts([attempt("a", about=ids[:2]), attempt("b", about=ids[1:]), attempt("c", about=ids[2:])])
    counts = store.owned_counts(ids)
    assert [counts[id]["answers"] for id in ids] == [1, 2, 2]
    store.delete_records([first], by="human:ruth", reason="asked", counts=counts)
    assert set(store.answers("abc")) == {"b", "c"}
    assert (cost(store), store.spending()[0].forgotten) == (1.5, 1)
    store.delete_records([second, third], by="human:ruth", reason="asked", counts=counts)
    assert (store.answers("abc"), cost(store)) == ({}, 1.5)
    (spending,) = store.spending()
    assert (spending.attempts, spending.answers, spending.forgotten) == ({"stop": 3}, 3, 3)


def test_of_an_answer_that_comes_after_its_record_was_deleted_only_the_bill_is_kept(store, ids):
    gone, *_ = store.records(ids)
    store.delete_records([gone], by="human:ruth", reason="asked", counts={gone.id: {}})
    store.note_attempts(
        [attempt("a", about=ids[:2]), attempt("b", about=ids[1:]), attempt("c", about=ids[:1], answer=None)]
    )
    assert (set(store.answers("abc")), asked_about(store, ids)) == ({"b"}, set(ids[1:]))
    (spending,) = store.spending()
    assert (spending.cost, spending.forgotten, spending.attempts) == (1.0, 2, {"stop": 2, "unreachable": 1})


def test_answers_are_forgotten_by_model_by_record_and_by_age(store, ids):
    new = "2026-06-01T10:00:00+02:00"
    noted = [
        attempt("a", about=ids[:1]),
        attempt("b", about=ids[:2], time=new),
        attempt("c", model="small", about=ids[2:], time=new),
        attempt("d", answer=None, time=new),
    ]
    store.note_attempts(noted)
    may, june = datetime(2026, 5, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 8, tzinfo=UTC)
    asked = {
        "small": store.forget_answers(model="small", dry_run=True),
        "absent": store.forget_answers(model="none", dry_run=True),
        "record": store.forget_answers(record_ids=ids[1:2], dry_run=True),
        "old": store.forget_answers(before=june, dry_run=True),
        "none": store.forget_answers(before=may, dry_run=True),
        "both": store.forget_answers(model="big", record_ids=ids, before=june, dry_run=True),
        "all": store.forget_answers(dry_run=True),
    }
    assert asked == {
        "small": Forgotten(1, 1, 1, 0.5),
        "absent": Forgotten(0, 0, 0, 0.0),
        "record": Forgotten(1, 1, 2, 0.5),
        "old": Forgotten(1, 1, 1, 0.5),
        "none": Forgotten(0, 0, 0, 0.0),
        "both": Forgotten(1, 1, 1, 0.5),
        "all": Forgotten(4, 3, 3, 1.5),
    }
    assert set(store.answers("abcd")) == {"a", "b", "c"}
    assert store.forget_answers(record_ids=ids[1:2]) == asked["record"]
    assert store.forget_answers(model="small") == asked["small"]
    assert (set(store.answers("abcd")), asked_about(store, ids), cost(store)) == ({"a"}, set(ids[:1]), 1.5)

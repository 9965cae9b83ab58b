"""Stages that ask language models: results as they come, claims, ledger, retries, caps and signals."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from asking_stages import Asks, FakeModel, answer
from sqlalchemy.exc import OperationalError

from curation.errors import EgressBlockedError, EnvironmentFailureError, LanguageModelError
from curation.models.contract import Finish
from curation.models.pace import Limits
from pipeline.asking import ask_all
from pipeline.spending import Caps, RunSpending


@pytest.fixture
def records(store, annotated):
    made = [annotated(f"Patient {number}.")[0] for number in range(50)]
    store.add_records(made)
    return made


def spent(store):
    (row,) = store.spending()
    return row


def test_every_record_is_asked_about_once_and_a_second_run_asks_nothing(store, records):
    model = FakeModel()
    report = ask_all(store, Asks({"fake": model}))
    assert (report.done, report.failed, report.unchanged) == (50, 0, 0)
    assert report.spending["answers"] == 50
    assert ask_all(store, Asks({"fake": model})).done == 0
    assert model.asked == {record.id: 1 for record in records}
    assert store.layer_names() == {"test": 50}
    assert (spent(store).answers, spent(store).attempts) == (50, {"stop": 50})
    assert model.closed == 2


def test_an_empty_set_asks_nothing(store):
    model = FakeModel()
    assert ask_all(store, Asks({"fake": model})).done == 0
    assert model.requests == []


def test_so_many_are_in_flight_as_the_model_takes_and_none_waits_for_the_slowest(store, records):
    slow = records[0].id
    model = FakeModel(seconds=0.01)
    began = time.monotonic()

    async def attempt(request, once=FakeModel.attempt):
        if request.about[0].id == slow:
            import asyncio

            await asyncio.sleep(3.0)
        return await once(model, request)

    model.attempt = attempt
    seen = []
    report = ask_all(
        store,
        Asks({"fake": model}),
        advance=lambda count, failed, **spent: seen.append((time.monotonic() - began, count)),
    )
    assert report.done == 50
    assert model.most_at_once == 3  # beside the slow one
    # All others are stored before the slow one comes.
    assert sum(count for moment, count in seen if moment < 3.0) >= 40


def test_a_new_fingerprint_takes_the_answers_that_are_there(store, records):
    model = FakeModel()
    ask_all(store, Asks({"fake": model}))
    report = ask_all(store, Asks({"fake": model}, fingerprint="2"))
    assert (report.done, report.spending["answers"], len(model.requests)) == (50, 0, 50)


def test_another_model_in_between_changes_nothing_of_what_was_paid(store, records):
    first, second = FakeModel(), FakeModel(name="other")
    for model, fingerprint in ((first, "a"), (second, "b"), (first, "a2"), (second, "b2")):
        ask_all(store, Asks({"fake": model}, fingerprint=fingerprint))
    assert (len(first.requests), len(second.requests)) == (50, 50)


def test_several_questions_about_a_record_go_out_beside_each_other_and_are_each_kept(store, records):
    model = FakeModel()
    assert ask_all(store, Asks({"fake": model}, questions=3)).done == 50
    assert len(model.requests) == 150
    assert ask_all(store, Asks({"fake": model}, questions=3, fingerprint="2")).done == 50
    assert len(model.requests) == 150


def test_an_answer_that_is_not_whole_is_a_failure_of_its_kind_and_kept(store, records):
    bad = records[3].id
    model = FakeModel(lambda request: answer(finish=Finish.TRUNCATED if request.about[0].id == bad else Finish.STOP))
    report = ask_all(store, Asks({"fake": model}))
    assert (report.done, report.failed) == (49, 1)
    (failure,) = store.failures()
    assert (failure.record_id, failure.kind) == (bad, "truncated")
    assert spent(store).attempts == {"stop": 49, "truncated": 1}
    assert ask_all(store, Asks({"fake": model})).failed_before == 1
    assert len(model.requests) == 50


def test_a_retry_by_kind_asks_only_what_failed_so_with_what_the_next_attempt_asks(store, records):
    truncated, refused = records[3].id, records[4].id

    def respond(request):
        budget = request.sampling["max_tokens"]
        id = request.about[0].id
        if id == truncated and budget < 300:
            return answer(finish=Finish.TRUNCATED)
        return answer(finish=Finish.REFUSED if id == refused else Finish.STOP)

    model = FakeModel(respond)
    ask_all(store, Asks({"fake": model}))
    first = ask_all(store, Asks({"fake": model}), kinds=["truncated"])
    assert (first.done, first.failed, len(model.requests)) == (0, 1, 51)
    again = ask_all(store, Asks({"fake": model}), kinds=["truncated"])
    assert (again.done, again.failed, len(model.requests)) == (1, 0, 52)
    assert [failure.kind for failure in store.failures()] == ["refused"]
    assert ask_all(store, Asks({"fake": model}), kinds=["truncated"]).done == 0
    # What the later attempt brought is found again by a stage of another fingerprint, without a request.
    report = ask_all(store, Asks({"fake": model}, fingerprint="2"))
    assert (report.done, report.failed, len(model.requests)) == (49, 1, 52)


def test_a_stage_that_asks_the_same_each_time_ends_where_its_answers_are_there(store, records):
    model = FakeModel(lambda request: answer(finish=Finish.LOOPING))
    stage = Asks({"fake": model}, grows=False)
    ask_all(store, stage)
    report = ask_all(store, stage, retry_failed=True)
    assert (report.failed, len(model.requests)) == (50, 50)


def test_a_server_that_is_lost_stops_the_stage_and_the_records_are_tried_by_the_next_run(store, records):
    model = FakeModel(lambda request: LanguageModelError("unreachable", "no connection"))
    with pytest.raises(EnvironmentFailureError, match=r"unreachable.*the same command goes on"):
        ask_all(store, Asks({"fake": model}))
    assert len(model.asked) < 30
    assert all(failure.may_pass for failure in store.failures())
    assert ask_all(store, Asks({"fake": FakeModel()})).done == 50


def test_a_server_that_denies_is_asked_no_more(store, records):
    model = FakeModel(lambda request: LanguageModelError("denied", "HTTP 401"))
    with pytest.raises(EnvironmentFailureError, match="401"):
        ask_all(store, Asks({"fake": model}))
    assert len(model.requests) <= 5
    assert store.layer_names() == {}


@pytest.mark.parametrize(
    ("error", "kept", "passes"),
    [
        (ValueError("words of the patient"), "ValueError at ", False),
        (EgressBlockedError("2 identifiers"), "2 identifiers", False),
        (OSError(28, "words of the patient"), "OSError (No space left on device)", True),
    ],
)
def test_one_record_that_raises_is_a_failure_without_its_words(store, records, error, kept, passes):
    bad = records[3].id
    model = FakeModel(lambda request: error if request.about[0].id == bad else answer())
    report = ask_all(store, Asks({"fake": model}))
    assert (report.done, report.failed, report.may_pass) == (49, 1, int(passes))
    (failure,) = store.failures()
    assert failure.error.startswith(kept)
    assert "patient" not in failure.error


def test_a_layer_that_contradicts_its_record_is_that_record_s_failure(store, records):
    class Contradicts(Asks):
        def conversation(self, item, *, attempt=0):
            result = yield from super().conversation(item, attempt=attempt)
            if item.record.id == records[3].id:
                layer = result.layers[0].model_copy(update={"record_id": "another"})
                return replace(result, layers=(layer,))
            return result

    report = ask_all(store, Contradicts({"fake": FakeModel()}))
    assert (report.done, report.failed) == (49, 1)


def test_a_part_of_a_layer_is_kept_beside_the_failure(store, records):
    class Partly(Asks):
        def conversation(self, item, *, attempt=0):
            result = yield from super().conversation(item, attempt=attempt)
            return replace(result, error="a window is missing", kind="incomplete")

    stage = Partly({"fake": FakeModel()})
    report = ask_all(store, stage)
    assert (report.done, report.failed) == (0, 50)
    assert store.layer_names() == {"test": 50}
    assert {failure.kind for failure in store.failures()} == {"incomplete"}
    assert ask_all(store, stage).failed_before == 50


@pytest.mark.parametrize(
    ("caps", "most"),
    [
        (Caps(cost=0.10), 10),
        (Caps(tokens=1_100), 10),
        (Caps(cost=0.0), 4),
    ],
)
def test_a_cap_ends_the_run_with_all_that_came_kept(store, records, caps, most):
    model = FakeModel()
    spending = RunSpending(caps)
    report = ask_all(store, Asks({"fake": model}), spending=spending)
    assert report.stopped is not None
    assert "--max-" in report.stopped
    assert report.done == len(model.requests) <= most
    assert ask_all(store, Asks({"fake": model})).done == 50 - report.done
    assert len(model.requests) == 50


def test_a_cap_on_money_counts_answers_without_a_price_by_their_tokens(store, records):
    model = FakeModel(lambda request: answer(cost=None))
    model.price = lambda sent, answered: (sent + answered) / 11_000
    spending = RunSpending(Caps(cost=0.1), {"fake": model})
    report = ask_all(store, Asks({"fake": model}), spending=spending)
    assert "(--max-cost)" in report.stopped
    assert 0 < report.done == len(model.requests) <= 10
    assert (report.spending["cost"], report.spending["unpriced"]) == (0.0, report.done)


@pytest.mark.parametrize("waits", [Limits(at_once=4), Limits(at_once=4, backoff=60.0, longest_wait=60.0)])
def test_when_the_time_is_over_nothing_that_hangs_is_waited_for(store, records, waits):
    is_busy = waits.backoff > 1.0
    model = FakeModel(
        lambda request: LanguageModelError("busy", "HTTP 429", retry_after=60.0),
        seconds=0.0 if is_busy else 60.0,
        limits=waits,
    )
    began = time.monotonic()
    report = ask_all(store, Asks({"fake": model}), spending=RunSpending(Caps(seconds=1.0)))
    assert time.monotonic() - began < 20
    assert "1 seconds are over" in report.stopped
    assert ("4 answers on their way were not waited for" in report.stopped) is not is_busy
    assert spent(store).attempts == ({"busy": 4} if is_busy else {"abandoned": 4})
    assert ask_all(store, Asks({"fake": FakeModel()})).done == 50


def test_what_would_not_come_in_time_is_not_sent(store, records):
    model = FakeModel(lambda request: replace(answer(), seconds=600.0))
    report = ask_all(store, Asks({"fake": model}), spending=RunSpending(Caps(seconds=900.0)))
    assert "(--max-time)" in report.stopped
    assert 0 < report.done == len(model.requests) < 10


def test_a_sign_that_cannot_be_given_ends_nothing(store, records, monkeypatch):
    signs = []

    def renew(token, lease):
        signs.append(token)
        raise OperationalError("UPDATE claims", {}, Exception("locked"))

    monkeypatch.setattr("pipeline.asking.SIGN", 0.01)
    monkeypatch.setattr(store, "renew", renew)
    assert ask_all(store, Asks({"fake": FakeModel(seconds=0.05)})).done == 50
    assert len(signs) > 1


def test_the_time_is_a_cap_too(store, records):
    model = FakeModel(lambda request: replace(answer(), seconds=0.25), seconds=0.25)
    report = ask_all(store, Asks({"fake": model}), spending=RunSpending(Caps(seconds=1.5)))
    assert "--max-time" in report.stopped
    assert 0 < report.done == len(model.requests) < 30


def signalled(number, model, store, *, times=1, after=6, pause=0.05):
    """What a run of 50 records ends in when signals come while it works, and the lines that it said."""
    lines = []

    def send():
        while len(model.requests) < after:
            time.sleep(0.005)
        for _ in range(times):
            os.kill(os.getpid(), number)
            time.sleep(pause)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            ask_all(store, Asks({"fake": model}), notify=lines.append)
    finally:
        thread.join()
    return lines


def test_at_ctrl_c_nothing_more_is_sent_and_all_that_was_in_flight_is_stored(store, records):
    model = FakeModel(seconds=0.1)
    lines = signalled(signal.SIGINT, model, store)
    done = store.layer_names()["test"]
    assert done == len(model.requests) == spent(store).answers < 20
    assert "nothing more is sent; waiting for" in lines[0]
    assert ask_all(store, Asks({"fake": model})).done == 50 - done
    assert max(model.asked.values()) == 1


def test_sigterm_does_as_ctrl_c(store, records):
    from pipeline.signals import ended_like_interrupts

    model = FakeModel(seconds=0.1)
    with ended_like_interrupts() as came:
        signalled(signal.SIGTERM, model, store)
    assert came == [signal.SIGTERM]
    assert store.layer_names()["test"] == len(model.requests)


def test_a_second_ctrl_c_leaves_at_once_with_what_came(store, records):
    model = FakeModel(seconds=0.1)
    began = time.monotonic()

    async def attempt(request, once=FakeModel.attempt):

        if len(model.requests) >= 8:
            model.seconds = 60.0
        return await once(model, request)

    model.attempt = attempt
    signalled(signal.SIGINT, model, store, times=2, after=12)
    assert time.monotonic() - began < 20
    assert store.layer_names() == {"test": 8}
    assert spent(store).attempts == {"stop": 8, "abandoned": 4}
    assert ask_all(store, Asks({"fake": FakeModel()})).done == 42


def test_two_runs_at_once_share_the_records(store, records):
    models = [FakeModel(seconds=0.01), FakeModel(seconds=0.01)]
    reports = []
    threads = [
        threading.Thread(target=lambda model=model: reports.append(ask_all(store, Asks({"fake": model}))))
        for model in models
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.done for report in reports) == 50
    assert sum((model.asked for model in models), Counter()) == {record.id: 1 for record in records}
    assert all(model.asked for model in models)


def test_records_of_a_worker_that_died_are_done_by_the_next_run_at_once(store, records, monkeypatch):
    stage = Asks({"fake": FakeModel()})
    dead = json.dumps([{"host": os.uname().nodename, "boot": "before", "pid": 1, "began": "1"}, "x"])
    store.claim(stage, 20, worker=dead, lease=600.0)
    began = time.monotonic()
    assert ask_all(store, stage).done == 50
    assert time.monotonic() - began < 5


def test_what_cannot_be_stored_now_is_stored_at_the_end(store, records, monkeypatch):
    commit, failures = store.commit, iter([OSError(28, "full"), OSError(28, "full")])

    def failing(*arguments, **more):
        if (error := next(failures, None)) is not None:
            raise error
        return commit(*arguments, **more)

    monkeypatch.setattr(store, "commit", failing)
    model = FakeModel(seconds=0.1)
    with pytest.raises(EnvironmentFailureError, match=r"could not be stored \(the disk is full.*all that came is kept"):
        ask_all(store, Asks({"fake": model}))
    assert 0 < len(model.requests) == store.layer_names()["test"] < 50
    ask_all(store, Asks({"fake": model}))
    assert max(model.asked.values()) == 1

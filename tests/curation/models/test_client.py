"""The client between stages and models: what is asked, noted, tried again, joined and stopped."""

from __future__ import annotations

import asyncio

import pytest
from asking_stages import HASTY, FakeModel, MemoryLedger, answer

from curation.errors import LanguageModelError
from curation.models.client import AskingClient, AskingStoppedError, UnaskedError
from curation.models.contract import Finish, Message, Request
from curation.models.pace import Pace
from curation.record import Record


def record(id="r1"):
    return Record(id=id, group="g", source="s", language="en", text="Fever.")


def request(text="What?", *, about=None, **more):
    about = (record(),) if about is None else about
    return Request("fake", (Message("user", text),), about=about, purpose="annotate:test", **more)


def client_of(model, ledger=None, **more):
    ledger = MemoryLedger() if ledger is None else ledger
    return AskingClient({"fake": model}, {"fake": Pace(model.limits)}, ledger, **more), ledger


def test_an_answer_is_noted_and_not_paid_for_again():
    model = FakeModel()

    async def asked():
        client, ledger = client_of(model)
        first, again = await client.ask(request()), await client.ask(request())
        other = await client.ask(request(sample=1))
        return first, again, other, ledger.attempts

    first, again, other, attempts = asyncio.run(asked())
    assert first == (answer(), True)
    assert again == (answer(), False)
    assert other == (answer(), True)
    assert [(attempt.state, attempt.number, attempt.record_ids, attempt.purpose) for attempt in attempts] == [
        ("stop", 1, ("r1",), "annotate:test")
    ] * 2
    assert [attempt.sample for attempt in attempts] == [0, 1]
    assert len(attempts[0].key) == 64


@pytest.mark.parametrize("finish", [finish for finish in Finish if finish is not Finish.STOP])
def test_an_answer_that_is_not_whole_is_kept_and_not_asked_for_again(finish):
    model = FakeModel(lambda request: answer("", finish=finish))

    async def asked():
        client, ledger = client_of(model)
        return await client.ask(request()), await client.ask(request()), ledger.attempts

    first, again, (attempt,) = asyncio.run(asked())
    assert (first[0].finish, again[1], attempt.state) == (finish, False, finish)


@pytest.mark.parametrize("kind", ["busy", "timeout", "unreachable"])
def test_what_may_pass_is_tried_again_and_every_attempt_noted(kind):
    outcomes = iter([LanguageModelError(kind, "no"), LanguageModelError(kind, "no"), answer()])
    model = FakeModel(lambda request: next(outcomes))

    async def asked():
        client, ledger = client_of(model)
        return await client.ask(request()), ledger.attempts

    (found, paid), attempts = asyncio.run(asked())
    assert (found, paid) == (answer(), True)
    assert [(attempt.number, attempt.state) for attempt in attempts] == [(1, kind), (2, kind), (3, "stop")]


@pytest.mark.parametrize("kind", ["denied", "rejected", "refused"])
def test_what_would_stay_the_same_is_not_tried_again(kind):
    model = FakeModel(lambda request: LanguageModelError(kind, "no"))

    async def asked():
        client, ledger = client_of(model)
        with pytest.raises(LanguageModelError, match="no"):
            await client.ask(request())
        return ledger.attempts

    assert [attempt.state for attempt in asyncio.run(asked())] == [kind]


def test_attempts_are_counted_on_from_those_of_earlier_runs():
    model = FakeModel(lambda request: LanguageModelError("unreachable", "no"))
    ledger = MemoryLedger()

    async def asked():
        client, _ = client_of(model, ledger)
        with pytest.raises(LanguageModelError):
            await client.ask(request())

    asyncio.run(asked())
    asyncio.run(asked())
    assert [attempt.number for attempt in ledger.attempts] == [1, 2, 3, 4, 5, 6]


def test_the_same_question_at_the_same_time_goes_out_once_and_is_about_all_who_asked():
    model = FakeModel(seconds=0.02)

    async def asked():
        client, ledger = client_of(model)
        pair = [client.ask(request(about=(record(id),))) for id in ("r1", "r2", "r1")]
        return await asyncio.gather(*pair), ledger.attempts

    answers, (attempt,) = asyncio.run(asked())
    assert sorted(paid for _, paid in answers) == [False, False, True]
    assert attempt.record_ids == ("r1", "r2")


def test_who_joined_a_question_that_was_called_off_asks_it():
    model = FakeModel(seconds=0.05)

    async def asked():
        client, ledger = client_of(model)
        first = asyncio.create_task(client.ask(request()))
        await asyncio.sleep(0.01)
        second = asyncio.create_task(client.ask(request(about=(record("r2"),))))
        await asyncio.sleep(0.01)
        first.cancel()
        return await second, ledger.attempts

    found, attempts = asyncio.run(asked())
    assert found == (answer(), True)
    assert [attempt.state for attempt in attempts] == ["abandoned", "stop"]


def test_an_error_reaches_all_who_asked():
    model = FakeModel(lambda request: LanguageModelError("rejected", "no"), seconds=0.01)

    async def asked():
        client, _ = client_of(model)
        return await asyncio.gather(*[client.ask(request()) for _ in range(3)], return_exceptions=True)

    assert [error.kind for error in asyncio.run(asked())] == ["rejected"] * 3
    assert len(model.requests) == 1


def test_what_is_not_in_the_ledger_is_not_paid_for_where_nothing_may_be():
    model = FakeModel()

    async def asked():
        client, _ = client_of(model)
        with pytest.raises(UnaskedError):
            await client.ask(request(), pay=False)
        await client.ask(request())
        return await client.ask(request(), pay=False)

    assert asyncio.run(asked()) == (answer(), False)
    assert len(model.requests) == 1


def test_after_a_stop_what_is_in_flight_comes_back_and_nothing_more_goes_out():
    model = FakeModel(seconds=0.05, limits=HASTY)

    async def asked():
        client, ledger = client_of(model)
        tasks = [asyncio.create_task(client.ask(request(str(number)))) for number in range(9)]
        await asyncio.sleep(0.01)
        assert client.in_flight == 4
        client.stop()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        with pytest.raises(AskingStoppedError):
            await client.ask(request("later"))
        return outcomes, ledger.attempts

    outcomes, attempts = asyncio.run(asked())
    assert [type(outcome) for outcome in outcomes] == [tuple] * 4 + [AskingStoppedError] * 5
    assert len(attempts) == len(model.requests) == 4


def test_a_stop_ends_the_wait_before_another_attempt():
    from dataclasses import replace

    patient = replace(HASTY, backoff=60.0, longest_wait=60.0)
    model = FakeModel(lambda request: LanguageModelError("busy", "no"), limits=patient)

    async def asked():
        client, _ = client_of(model)
        task = asyncio.create_task(client.ask(request()))
        await asyncio.sleep(0.02)
        client.stop()
        async with asyncio.timeout(1):
            with pytest.raises(AskingStoppedError):
                await task

    asyncio.run(asked())


def test_nothing_goes_out_that_is_not_admitted():
    model = FakeModel()

    async def asked():
        client, ledger = client_of(model, admit=lambda request: len(model.requests) < 2)
        outcomes = [
            await asyncio.gather(client.ask(request(str(number))), return_exceptions=True) for number in range(4)
        ]
        return [type(outcome).__name__ for (outcome,) in outcomes], ledger.attempts

    outcomes, attempts = asyncio.run(asked())
    assert outcomes == ["tuple", "tuple", "AskingStoppedError", "AskingStoppedError"]
    assert len(attempts) == 2


def test_the_total_time_ends_the_attempts():
    from dataclasses import replace

    model = FakeModel(
        lambda request: LanguageModelError("unreachable", "no"),
        limits=replace(HASTY, attempts=50, backoff=0.02, longest_wait=0.02, total_timeout=0.1),
    )

    async def asked():
        client, ledger = client_of(model)
        with pytest.raises(LanguageModelError):
            await client.ask(request())
        return ledger.attempts

    assert 2 < len(asyncio.run(asked())) < 15

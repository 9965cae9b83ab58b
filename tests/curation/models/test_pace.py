"""When requests may go: by a clock of the test's own."""

from __future__ import annotations

import asyncio
import heapq
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from curation.errors import LanguageModelError
from curation.models.contract import Answer, Finish
from curation.models.pace import Limits, Pace, Turn

ANSWER = Answer("{}", Finish.STOP, "m", "off", 10, 10)
BUSY = LanguageModelError("busy", "too many")
GONE = LanguageModelError("unreachable", "nobody")


class FakeClock:
    """Time that goes on when everybody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.later: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self.later, (self.now + delay, self._number, callback))

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self.call_later(seconds, lambda: woken.done() or woken.set_result(None))
        await woken

    async def run(self, story: Coroutine[Any, Any, Any]) -> Any:
        """What comes of a story, with its waits passed over."""
        task = asyncio.ensure_future(story)
        while not task.done():
            for _ in range(10):
                await asyncio.sleep(0)
            if not task.done():
                assert self.later, "everybody waits for ever"
                self.now, _, callback = heapq.heappop(self.later)
                callback()
        return task.result()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def told(clock: FakeClock, story: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(clock.run(story))


async def ask(
    pace: Pace, clock: FakeClock, seconds: float = 1.0, error: LanguageModelError | None = None, **turn
) -> float:
    """When the turn came."""
    async with pace.turn(**turn) as turn:
        began = clock.now
        await clock.sleep(seconds)
        turn.failed(error) if error else turn.went(ANSWER)
    return began


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(start <= at < start + 60 for at in times) for start in times)


@pytest.mark.parametrize("allowed", [1, 7, 60, 600])
def test_no_minute_has_more_requests_than_are_allowed_and_hardly_fewer(clock, allowed):
    pace = Pace(Limits(at_once=50, requests_per_minute=allowed), clock=clock)
    number = min(3 * allowed + 1, 700)

    async def story() -> list[float]:
        return sorted(await asyncio.gather(*(ask(pace, clock) for _ in range(number))))

    times = told(clock, story())
    assert most_in_a_minute(times) <= allowed
    assert times[-1] - times[0] <= 1.02 * 60 * (number - 1) / allowed


def test_no_minute_has_more_tokens_than_are_allowed(clock):
    pace = Pace(Limits(at_once=50, tokens_per_minute=2_000), clock=clock)

    async def story() -> list[float]:
        return sorted(await asyncio.gather(*(ask(pace, clock, tokens=20) for _ in range(300))))

    times = told(clock, story())
    assert most_in_a_minute(times) <= 100
    assert times[-1] - times[0] <= 60 * 300 / 100 * 1.1


def test_an_estimate_that_was_wrong_is_put_right_by_the_answer(clock):
    pace = Pace(Limits(at_once=1, tokens_per_minute=600), clock=clock)

    async def story() -> list[float]:
        return [await ask(pace, clock, tokens=1) for _ in range(60)]

    times = told(clock, story())
    # Each answer has 20 tokens, whatever was thought before.
    assert most_in_a_minute(times) <= 32


def test_a_request_larger_than_a_minutes_share_goes_all_the_same(clock):
    pace = Pace(Limits(tokens_per_minute=100), clock=clock)
    assert told(clock, ask(pace, clock, tokens=5_000)) == 100.0


def test_no_more_go_at_once_than_the_model_takes(clock):
    pace, most = Pace(Limits(at_once=3), clock=clock), 0

    async def watched() -> None:
        nonlocal most
        async with pace.turn() as turn:
            most = max(most, pace.in_flight)
            await clock.sleep(1)
            turn.went(ANSWER)

    async def story() -> None:
        await asyncio.gather(*(watched() for _ in range(10)))

    told(clock, story())
    assert (most, pace.in_flight, clock.now) == (3, 0, 104.0)


def test_turns_come_in_the_order_in_which_they_were_asked_for(clock):
    pace, order = Pace(Limits(at_once=1), clock=clock), []

    async def numbered(number: int) -> None:
        async with pace.turn() as turn:
            order.append(number)
            await clock.sleep(1)
            turn.went(ANSWER)

    async def story() -> None:
        await asyncio.gather(*map(numbered, range(20)))

    told(clock, story())
    assert order == list(range(20))


def test_what_a_server_asks_for_holds_all(clock):
    pace = Pace(Limits(at_once=10, backoff=0.1), clock=clock)

    async def story() -> list[float]:
        await ask(pace, clock, error=LanguageModelError("busy", "later", retry_after=30.0))
        return await asyncio.gather(*(ask(pace, clock) for _ in range(5)))

    assert told(clock, story()) == [131.0] * 5


def test_it_is_not_waited_for_ever(clock):
    pace = Pace(Limits(at_once=10, longest_wait=60), clock=clock)

    async def story() -> float:
        await ask(pace, clock, error=LanguageModelError("busy", "later", retry_after=3_600.0))
        return await ask(pace, clock)

    assert told(clock, story()) == 161.0


def test_many_that_are_refused_together_lower_the_limit_once(clock):
    pace = Pace(Limits(at_once=100, backoff=1, longest_wait=5), clock=clock)

    async def story() -> None:
        await asyncio.gather(*(ask(pace, clock, error=BUSY) for _ in range(100)))

    told(clock, story())
    assert pace.limit == 70


class Server:
    """Takes so many at once, and refuses the others."""

    def __init__(self, clock: FakeClock, takes: int, seconds: Callable[[int], float] = lambda busy: 0.3) -> None:
        self.clock = clock
        self.takes = takes
        self.seconds = seconds
        self.busy = self.answered = self.refused = 0

    async def answer(self, turn: Turn) -> None:
        if self.busy >= self.takes:
            self.refused += 1
            turn.failed(BUSY)
            return
        self.busy += 1
        await self.clock.sleep(self.seconds(self.busy))
        self.busy -= 1
        self.answered += 1
        turn.went(ANSWER)


async def keep_asking(pace: Pace, server: Server, number: int) -> None:
    async def until_answered() -> None:
        before = server.answered
        while server.answered == before or server.answered < number:
            async with pace.turn() as turn:
                await server.answer(turn)

    await asyncio.gather(*(until_answered() for _ in range(pace.limits.at_once)))


def test_the_limit_finds_what_a_server_takes_and_remembers_it(clock):
    pace, server = Pace(Limits(at_once=64, backoff=0.1), clock=clock), Server(clock, takes=20)
    told(clock, keep_asking(pace, server, 4_000))
    assert 14 <= pace.limit <= 21
    # Once it is found, a request in a hundred finds out whether there is more.
    assert server.refused < 150
    assert server.answered / (clock.now - 100) > 0.75 * 20 / 0.3


def test_the_limit_rises_again_when_the_server_takes_more(clock):
    pace, server = Pace(Limits(at_once=64, backoff=0.1), clock=clock), Server(clock, takes=10)
    told(clock, keep_asking(pace, server, 1_000))
    assert pace.limit <= 11
    server.takes = 1_000
    told(clock, keep_asking(pace, server, 60_000))
    assert pace.limit > 40


def test_a_time_out_lowers_the_limit(clock):
    pace = Pace(Limits(at_once=10), clock=clock)
    told(clock, ask(pace, clock, error=LanguageModelError("timeout", "late")))
    assert pace.limit == 7


def test_answers_that_come_to_take_longer_lower_the_limit_where_that_helps(clock):
    """From 16 at once on, this server comes to answer no more, only later."""
    pace, server = Pace(Limits(at_once=64), clock=clock), Server(clock, takes=1_000)
    told(clock, keep_asking(pace, server, 1_000))
    assert pace.limit == 64
    server.seconds = lambda busy: 0.3 * max(1.0, busy / 16)
    began = clock.now
    told(clock, keep_asking(pace, server, 21_000))
    assert 12 <= pace.limit <= 40
    # And as many are answered as before.
    assert 20_000 / (clock.now - began) > 0.95 * 16 / 0.3


def test_answers_that_come_to_take_longer_whatever_is_asked_change_nothing(clock):
    pace = Pace(Limits(at_once=64), clock=clock)
    server = Server(clock, takes=1_000)
    told(clock, keep_asking(pace, server, 2_000))
    server.seconds = lambda busy: 1.5
    told(clock, keep_asking(pace, server, 4_000))
    assert pace.limit == 64


class BusyClock(FakeClock):
    """The clock of a process that has a lot to do: what is due waits for the next of its rounds."""

    def __init__(self) -> None:
        super().__init__()
        self.round: Callable[[], float] = lambda: 0.0

    def call_later(self, delay: float, callback: Callable[[], None]) -> None:
        def called() -> None:
            if length := self.round():
                self.now = math.ceil(self.now / length) * length
            callback()

        super().call_later(delay, called)


def test_a_process_that_has_a_lot_to_do_takes_its_own_lateness_for_no_slowness_of_the_server():
    clock = BusyClock()
    pace, server = Pace(Limits(at_once=64), clock=clock), Server(clock, takes=1_000)
    told(clock, keep_asking(pace, server, 1_000))
    # The more is in flight the later this process is; the server answers as before.
    clock.round = lambda: 0.03 * pace.in_flight
    told(clock, keep_asking(pace, server, 12_000))
    assert pace.limit == 64


def test_slowness_of_a_server_is_seen_by_a_process_that_is_late_itself():
    clock = BusyClock()
    pace, server = Pace(Limits(at_once=64), clock=clock), Server(clock, takes=1_000)
    told(clock, keep_asking(pace, server, 1_000))
    clock.round = lambda: 0.2
    server.seconds = lambda busy: 0.3 * max(1.0, busy / 8)
    told(clock, keep_asking(pace, server, 12_000))
    assert pace.limit < 40


def test_a_server_that_died_is_tried_from_time_to_time_and_then_given_up(clock):
    pace = Pace(Limits(at_once=4, attempts=3, backoff=1), clock=clock)

    async def story() -> list[Any]:
        return await asyncio.gather(*(ask(pace, clock, 0.0, GONE) for _ in range(40)), return_exceptions=True)

    found = told(clock, story())
    came = [at for at in found if isinstance(at, float)]
    # Five open the circuit (with those under way beside them), then one tries after 1 and after 2 seconds.
    assert (came[-2:], len(came) <= 10) == ([101.0, 103.0], True)
    assert {str(error) for error in found if not isinstance(error, float)} == {
        "unreachable: expected the server to come back, it did not in 3 trials"
    }


def test_a_server_that_comes_back_is_asked_by_all_again(clock):
    pace = Pace(Limits(at_once=4, attempts=10, backoff=1), clock=clock)

    async def story() -> list[float]:
        await asyncio.gather(*(ask(pace, clock, 0.0, GONE) for _ in range(8)))
        return await asyncio.gather(*(ask(pace, clock, 0.5) for _ in range(5)))

    first, *rest = told(clock, story())
    assert first > 100.0
    assert [at - first for at in rest] == [0.5] * 4


def test_a_server_that_answers_now_and_then_is_not_given_up(clock):
    pace = Pace(Limits(at_once=1), clock=clock)

    async def story() -> None:
        for number in range(30):
            await ask(pace, clock, 0.0, GONE if number % 4 else None)

    told(clock, story())
    assert clock.now == 100.0


def test_what_denies_everything_is_not_asked_again_for_a_minute(clock):
    pace, denied = Pace(Limits(at_once=2), clock=clock), LanguageModelError("denied", "the key")

    async def story() -> list[Any]:
        await ask(pace, clock, 0.0, denied)
        at_once = await asyncio.gather(*(ask(pace, clock) for _ in range(3)), return_exceptions=True)
        await clock.sleep(61)
        return [*at_once, await ask(pace, clock)]

    assert told(clock, story()) == [denied, denied, denied, 161.0]


def test_a_turn_that_is_called_off_leaves_its_place_to_the_next(clock):
    pace = Pace(Limits(at_once=1), clock=clock)

    async def story() -> list[float]:
        first = asyncio.ensure_future(ask(pace, clock, 1.0))
        second = asyncio.ensure_future(ask(pace, clock, 1.0))
        third = asyncio.ensure_future(ask(pace, clock, 1.0))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([first, second, third])
        running = asyncio.ensure_future(ask(pace, clock, 100.0))
        await asyncio.sleep(0)
        running.cancel()
        return [first.result(), third.result(), await ask(pace, clock)]

    assert told(clock, story()) == [100.0, 101.0, 102.0]
    assert pace.in_flight == 0


def test_a_turn_that_came_just_when_it_was_called_off_is_given_back(clock):
    pace = Pace(Limits(at_once=1), clock=clock)

    async def story() -> float:
        first = pace.turn()
        async with first:
            waiting = asyncio.ensure_future(ask(pace, clock))
            await asyncio.sleep(0)
            first.went(ANSWER)
            waiting.cancel()
        await asyncio.wait([waiting])
        return await ask(pace, clock)

    assert (told(clock, story()), pace.in_flight) == (100.0, 0)


def test_a_turn_costs_microseconds():
    async def story() -> float:
        pace = Pace(Limits(at_once=64, requests_per_minute=100_000_000, tokens_per_minute=10**12))
        began = time.perf_counter()
        for _ in range(2_000):
            async with pace.turn(100) as turn:
                turn.went(ANSWER)
        return (time.perf_counter() - began) / 2_000

    assert min(asyncio.run(story()) for _ in range(3)) < 60e-6

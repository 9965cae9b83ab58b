"""When a request to a model may go: so many at once and a minute, and none to a server that has died."""

from __future__ import annotations

import asyncio
import math
import random
from collections import deque
from dataclasses import dataclass

from curation.errors import LanguageModelError
from curation.models.adaptive_limit import AdaptiveLimit
from curation.models.circuit_breaker import CircuitBreaker
from curation.models.contract import Answer
from curation.models.loop_lag import Clock, LoopLag
from curation.models.token_bucket import TokenBucket

#: Seconds for which a server that denies everything is not asked again: a live back end outlives a wrong key.
DENIAL = 60.0
#: Shares of a minute's requests and tokens that may go at once after a pause.
REQUEST_BURST, TOKEN_BURST = 1 / 600, 1 / 20
#: Kinds of errors that say that a server has too much to do.
OVERLOAD = frozenset({"busy", "timeout"})
#: Kinds of errors that say that nobody answers.
DEAD = frozenset({"unreachable", "timeout"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a model takes, and how long it is waited for: see the keys of a section [models.NAME]."""

    at_once: int = 16
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    attempts: int = 5
    backoff: float = 1.0
    longest_wait: float = 60.0
    total_timeout: float = 1800.0

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, spread by chance so that not all come back at once."""
        return float(min(self.backoff * 2.0 ** min(failures - 1, 30) * random.uniform(0.5, 1.0), self.longest_wait))


class Turn:
    """The turn of one request, as an asynchronous context; tell it how the request went."""

    __slots__ = ("_pace", "began", "epoch", "is_over", "tokens", "tries")

    def __init__(self, pace: Pace, tokens: int) -> None:
        self._pace = pace
        self.tokens = tokens
        self.began = 0.0
        self.epoch = 0
        self.tries = False
        self.is_over = False

    async def __aenter__(self) -> Turn:
        """Waits for the turn. Raises LanguageModelError where the server has died or denies everything."""
        waiting = self._pace.take(self)
        if waiting is not None:
            try:
                await waiting
            except asyncio.CancelledError:
                self._pace.call_off(self, waiting)
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if not self.is_over:
            self._pace.ended(self)

    def went(self, answer: Answer) -> None:
        """An answer came, whole or not."""
        self._pace.ended(self, answer=answer)

    def failed(self, error: LanguageModelError) -> None:
        """None came."""
        self._pace.ended(self, error=error)


class Pace:
    """The turns of all requests to one model from one event loop.

    A turn comes when fewer requests are under way than the model takes at present, the minute's requests and tokens are
    not used up, and the server has not asked to be left alone (`Retry-After` holds all) and has not died: then one
    request tries from time to time, the others wait, and from the attempts of the settings on they fail at once.
    """

    def __init__(self, limits: Limits, *, clock: Clock | None = None) -> None:
        self.limits = limits
        self._clock = clock
        self._adaptive = AdaptiveLimit(limits.at_once)
        self._lag = LoopLag()
        self._breaker = CircuitBreaker(
            threshold=max(5, limits.at_once // 4), first=limits.backoff, longest=limits.longest_wait
        )
        requests, tokens = limits.requests_per_minute, limits.tokens_per_minute
        self._requests = TokenBucket(requests, burst=REQUEST_BURST) if requests else None
        self._tokens = TokenBucket(tokens, burst=TOKEN_BURST) if tokens else None
        self._waiting: deque[tuple[Turn, asyncio.Future[None]]] = deque()
        self._in_flight = 0
        self._held_until = self._held_at = -math.inf
        self._held_times = 0
        self._denial: tuple[LanguageModelError, float] | None = None
        self._wakes_at = math.inf

    @property
    def limit(self) -> int:
        """Requests at once at present."""
        return self._adaptive.limit

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return self._in_flight

    def turn(self, tokens: int = 0) -> Turn:
        """The next turn. tokens: an estimate of those sent and answered, which the answer puts right."""
        return Turn(self, tokens)

    def take(self, turn: Turn) -> asyncio.Future[None] | None:
        """None where the turn has come at once, else what to wait for."""
        now = self._now()
        self._check(now)
        if not self._waiting and self._delay(turn, now) <= 0:
            self._grant(turn, now)
            return None
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, waiting))
        self._dispatch()
        return waiting

    def call_off(self, turn: Turn, waiting: asyncio.Future[None]) -> None:
        """A turn that was waited for is not wanted any more; it may have come in the meantime."""
        if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
            self.ended(turn)
        else:
            self._waiting = deque(pair for pair in self._waiting if pair[0] is not turn)
            self._dispatch()

    def ended(self, turn: Turn, *, answer: Answer | None = None, error: LanguageModelError | None = None) -> None:
        """A request is over, with an answer, an error, or called off."""
        if turn.is_over:
            return
        turn.is_over = True
        self._in_flight -= 1
        now = self._now()
        if answer is not None:
            self._went(turn, answer, now)
        elif error is not None:
            self._failed(turn, error, now)
        else:
            self._breaker.undecided(tries=turn.tries)
        if self._waiting:
            self._dispatch()

    def _went(self, turn: Turn, answer: Answer, now: float) -> None:
        self._breaker.good()
        self._held_times = 0
        took, tokens = now - turn.began, max(1, answer.tokens_out or 1)
        # A process that has much to do is late when the request goes and when the answer has come.
        surely = max(0.0, took - 2 * self._lag.seconds)
        self._adaptive.went(turn.epoch, took / tokens, surely=surely / tokens)
        used = (answer.tokens_in or 0) + (answer.tokens_out or 0)
        if self._tokens is not None and used:
            self._tokens.take(used - turn.tokens)

    def _failed(self, turn: Turn, error: LanguageModelError, now: float) -> None:
        if error.kind in OVERLOAD:
            self._adaptive.overloaded(turn.epoch)
        if error.kind in DEAD:
            self._breaker.bad(now, tries=turn.tries)
        else:
            self._breaker.good()
        if error.kind == "busy":
            self._hold(turn, error, now)
            if self._tokens is not None:
                self._tokens.take(-turn.tokens)
        if error.kind == "denied":
            self._denial = (error, now + DENIAL)

    def _hold(self, turn: Turn, error: LanguageModelError, now: float) -> None:
        """Nobody asks for a while; what was under way already when that began makes it no longer."""
        if turn.began > self._held_at:
            self._held_times += 1
            self._held_at = now
            self._held_until = max(self._held_until, now + self.limits.wait(self._held_times))
        asked = min(error.retry_after or 0.0, self.limits.longest_wait)
        self._held_until = max(self._held_until, now + asked)

    def _check(self, now: float) -> None:
        """Raises LanguageModelError where the server denies everything, or is dead for longer than is waited."""
        if self._denial is not None:
            if now < self._denial[1]:
                raise self._denial[0]
            self._denial = None
        if self._has_given_up() and self._breaker.wait(now) > 0:
            raise self._gone()

    def _has_given_up(self) -> bool:
        return self._breaker.trips >= self.limits.attempts

    def _gone(self) -> LanguageModelError:
        tried = self.limits.attempts
        return LanguageModelError("unreachable", f"expected the server to come back, it did not in {tried} trials")

    def _delay(self, turn: Turn, now: float) -> float:
        """Seconds until the turn may come; infinite where another one must end before."""
        if self._in_flight >= self._adaptive.limit:
            return math.inf
        delay = max(self._held_until - now, self._breaker.wait(now))
        if self._requests is not None:
            delay = max(delay, self._requests.wait(1, now))
        if self._tokens is not None:
            delay = max(delay, self._tokens.wait(turn.tokens, now))
        return delay

    def _grant(self, turn: Turn, now: float) -> None:
        self._in_flight += 1
        self._lag.watch(self._timer(), lambda: self._in_flight > 0)
        turn.began = now
        turn.epoch = self._adaptive.epoch
        turn.tries = self._breaker.begin()
        if self._requests is not None:
            self._requests.take(1)
        if self._tokens is not None:
            self._tokens.take(turn.tokens)

    def _dispatch(self) -> None:
        """Give turns to those who wait, in order, as long as one may come."""
        now = self._now()
        while self._waiting:
            turn, waiting = self._waiting[0]
            if not waiting.done():
                try:
                    self._check(now)
                except LanguageModelError as error:
                    waiting.set_exception(error)
                    self._waiting.popleft()
                    continue
                delay = self._delay(turn, now)
                if delay > 0:
                    self._wake(now + delay)
                    return
                self._grant(turn, now)
                waiting.set_result(None)
            self._waiting.popleft()

    def _wake(self, at: float) -> None:
        """Look again at a time; an earlier look that is due stays."""
        if at < self._wakes_at:
            self._wakes_at = at
            self._timer().call_later(max(0.0, at - self._now()), self._awake)

    def _awake(self) -> None:
        self._wakes_at = math.inf
        self._dispatch()

    def _now(self) -> float:
        return self._timer().time()

    def _timer(self) -> Clock:
        return self._clock or asyncio.get_running_loop()

"""The client that keeps a ledger: an answer that exists is never asked for again, and every attempt is noted.

The same question asked twice at the same time goes out once. What may pass (a busy or lost server) is tried again after
a wait, within a number of attempts and a total time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Protocol

from curation.errors import CurateError, LanguageModelError
from curation.models.contract import Answer, Attempt, LanguageModel, Request, answer_key
from curation.models.models import limits_of
from curation.models.pace import Pace, Turn
from curation.models.probe import PURPOSE, ProbedModel, ProbeFinding, SchemaSupport, canary, finding, ledger_key

#: Kinds of LanguageModelError after which the same request may succeed.
TRIED_AGAIN = frozenset({"unreachable", "busy", "timeout"})
#: The state of an attempt that was sent and not waited for.
ABANDONED = "abandoned"
#: Characters of a token, where nobody has counted: a rough figure for European languages.
CHARACTERS_A_TOKEN = 4


class AskingStoppedError(Exception):
    """The client was told to send no more; nothing was asked."""


class UnaskedError(Exception):
    """The ledger has no answer, and none may be paid for."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What a ledger has of a question: the latest answer, and how often it was tried."""

    answer: Answer | None = None
    attempts: int = 0


class AnswerLedger(Protocol):
    """Where answers and attempts are kept."""

    async def find(self, key: str) -> LedgerEntry:
        """What there is under a key."""

    def note(self, attempt: Attempt) -> None:
        """Keep an attempt; returns at once."""


@dataclass(slots=True)
class _Flight:
    """A question that is being asked, who it is about, and where others wait for its answer."""

    record_ids: dict[str, None]
    outcome: asyncio.Future[Answer] | None = None


@dataclass(slots=True)
class AskingClient:
    """Asks models by way of a ledger, a pace and patience. For one event loop.

    admit: asked before each request goes out; by False nothing more is sent, as by `stop`. notify: called with a line
    for people. Before the first question that is paid for, it is found out what a model's servers make of schemas.
    """

    models: Mapping[str, LanguageModel]
    paces: Mapping[str, Pace]
    ledger: AnswerLedger
    admit: Callable[[Request], bool] = lambda request: True
    notify: Callable[[str], None] = lambda line: None
    #: What was found out of models' servers, by the models' names.
    schemas: dict[str, ProbeFinding] = field(default_factory=dict)
    #: Requests that are sent and not answered yet.
    in_flight: int = 0
    stopped: bool = False
    _flights: dict[str, _Flight] = field(default_factory=dict)
    _waiting: set[asyncio.Task[Any]] = field(default_factory=set)

    async def ask(self, request: Request, *, pay: bool = True) -> tuple[Answer, bool]:
        """The answer, and whether it was paid for now.

        Raises LanguageModelError where none came, EgressBlockedError where the messages may not leave this machine,
        AskingStoppedError after `stop`, and UnaskedError where the ledger has none and `pay` is False.
        """
        return await self._once(request, answer_key(self.models[request.model].identity, request), pay=pay)

    async def probe(self, name: str) -> ProbeFinding | None:
        """Ask a model's server anew what it makes of schemas. None where a model has nothing to find out.

        Raises as `ask` does.
        """
        model = self.models[name]
        if not isinstance(model, ProbedModel) or model.probe_key is None:
            return None
        key = ledger_key(model.probe_key)
        before = (await self.ledger.find(key)).attempts
        return self._learnt(name, model, await self._canary(self._asked(canary(name), key, _Flight({}), before)))

    async def _once(self, request: Request, key: str, *, pay: bool) -> tuple[Answer, bool]:
        """`ask` under a key: of those that ask at the same time, one pays and all get the answer."""
        about = dict.fromkeys(record.id for record in request.about)
        while (flight := self._flights.get(key)) is not None:
            flight.record_ids |= about
            if (answer := await _joined(flight)) is not None:
                return answer, False
        flight = self._flights[key] = _Flight(about)
        try:
            answer, paid = await self._answer(request, key, flight, pay=pay)
        except BaseException as error:
            _tell(flight, error)
            raise
        finally:
            del self._flights[key]
        if flight.outcome is not None:
            flight.outcome.set_result(answer)
        return answer, paid

    def stop(self) -> None:
        """Send nothing more: who waits for a turn waits no longer, what is in flight comes back."""
        self.stopped = True
        for task in self._waiting:
            task.cancel()

    async def close(self) -> None:
        """Give the models' connections back."""
        for model in self.models.values():
            await model.close()

    async def _answer(self, request: Request, key: str, flight: _Flight, *, pay: bool) -> tuple[Answer, bool]:
        found = await self.ledger.find(key)
        if found.answer is not None:
            return found.answer, False
        if not pay:
            raise UnaskedError
        if request.purpose != PURPOSE and request.model not in self.schemas:
            await self._look_up_or_probe(request.model)
        return await self._asked(request, key, flight, found.attempts), True

    async def _look_up_or_probe(self, name: str) -> None:
        """What is known of a model's servers, or a canary shows, is what it goes by from now on."""
        model = self.models[name]
        if isinstance(model, ProbedModel) and model.probe_key is not None:
            asked = self._once(canary(name), ledger_key(model.probe_key), pay=True)
            self._learnt(name, model, await self._canary(asked))

    async def _canary(self, asked: Awaitable[Answer | tuple[Answer, bool]]) -> ProbeFinding:
        """What the answer to a canary shows, or the refusal of it."""
        try:
            found = await asked
        except LanguageModelError as error:
            # These every question would meet; others are a matter of this one.
            if error.kind in TRIED_AGAIN or error.kind == "denied":
                raise
            return ProbeFinding(SchemaSupport.REFUSED if error.kind == "rejected" else None)
        return finding(found if isinstance(found, Answer) else found[0])

    def _learnt(self, name: str, model: ProbedModel, found: ProbeFinding) -> ProbeFinding:
        if name not in self.schemas:
            self.schemas[name] = found
            model.learn(found)
            self.notify(found.described(name))
        return found

    async def _asked(self, request: Request, key: str, flight: _Flight, before: int) -> Answer:
        pace = self.paces[request.model]
        limits = pace.limits
        began: float | None = None
        for number in range(1, limits.attempts + 1):
            async with AsyncExitStack() as stack:
                with self._stoppable():
                    turn = await stack.enter_async_context(pace.turn(rough_tokens(request)))
                if not self.admit(request):
                    self.stop()
                    raise AskingStoppedError
                began = began or monotonic()
                outcome = await self._attempt(request, turn, key, flight, before + number)
            if isinstance(outcome, Answer):
                return outcome
            wait = min(max(limits.wait(number), outcome.retry_after or 0.0), limits.longest_wait)
            is_last = number == limits.attempts or monotonic() - began + wait > limits.total_timeout
            if outcome.kind not in TRIED_AGAIN or is_last:
                break
            with self._stoppable():
                await asyncio.sleep(wait)
        assert isinstance(outcome, LanguageModelError)
        raise outcome

    async def _attempt(
        self, request: Request, turn: Turn, key: str, flight: _Flight, number: int
    ) -> Answer | LanguageModelError:
        """What came of one attempt, which is noted, also where it was not waited for."""
        state, answer = ABANDONED, None
        self.in_flight += 1
        try:
            answer = await self.models[request.model].attempt(request)
            state = str(answer.finish)
            turn.went(answer)
            return answer
        except LanguageModelError as error:
            state = error.kind
            turn.failed(error)
            return error
        finally:
            self.in_flight -= 1
            self._note(key, request, flight, number, state, answer)

    @contextmanager
    def _stoppable(self) -> Iterator[None]:
        """What is waited for inside, `stop` ends with AskingStoppedError."""
        if self.stopped:
            raise AskingStoppedError
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            yield
        except asyncio.CancelledError:
            # Cancelled from elsewhere too, it ends as whoever did so wants it.
            if self.stopped and task.uncancel() == 0:
                raise AskingStoppedError from None
            raise
        finally:
            self._waiting.discard(task)

    def _note(
        self, key: str, request: Request, flight: _Flight, number: int, state: str, answer: Answer | None
    ) -> None:
        self.ledger.note(
            Attempt(
                key=key,
                model=request.model,
                purpose=request.purpose,
                record_ids=tuple(flight.record_ids),
                number=number,
                sample=request.sample,
                state=str(state),
                time=datetime.now(UTC).isoformat(timespec="milliseconds"),
                answer=answer,
            )
        )


async def _joined(flight: _Flight) -> Answer | None:
    """The answer that another is waiting for; None where that one gave up and the question may be asked anew."""
    if flight.outcome is None:
        flight.outcome = asyncio.get_running_loop().create_future()
    await asyncio.wait([flight.outcome])
    return None if flight.outcome.cancelled() else flight.outcome.result()


def _tell(flight: _Flight, error: BaseException) -> None:
    """Let those who joined know that no answer came; where it was only not paid for or not waited for, they ask."""
    if flight.outcome is None:
        return
    if isinstance(error, CurateError):
        flight.outcome.set_exception(error)
        flight.outcome.exception()  # looked at, also where who joined has gone
    else:
        flight.outcome.cancel()


def rough_tokens(request: Request) -> int:
    """About how many tokens a request has, by its characters: for pace and caps, which look at each request."""
    return sum(len(message.content) for message in request.messages) // CHARACTERS_A_TOKEN


def paces_of(models: Mapping[str, LanguageModel]) -> dict[str, Pace]:
    """A pace for each model, by its own limits."""
    return {name: Pace(limits_of(model)) for name, model in models.items()}

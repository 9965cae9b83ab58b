"""A stage that asks, a model without a server, and a ledger in memory, for tests of what is between them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from curation.errors import LanguageModelError
from curation.models.asking_stage import Conversation
from curation.models.client import LedgerEntry
from curation.models.contract import Answer, Attempt, Finish, LanguageModel, Message, Request
from curation.models.pace import Limits
from curation.record import Layer
from curation.stage import Item, Result

#: No waits between attempts.
HASTY = Limits(at_once=4, attempts=3, backoff=0.0, longest_wait=0.0, total_timeout=60.0)


def answer(text: str = "yes", *, finish: Finish = Finish.STOP, cost: float | None = 0.01) -> Answer:
    """An answer of ten tokens to a question of a hundred."""
    return Answer(text, finish, "served-model", "schema", 100, 10, cost, 0.1)


@dataclass
class FakeModel:
    """Answers by a function of the request: an answer, or an error that is raised; counts who was asked."""

    respond: Callable[[Request], Answer | Exception] = lambda request: answer()
    name: str = "fake"
    at_once: int = 4
    seconds: float = 0.0
    remote: str | None = None
    limits: Limits = HASTY
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[Request] = field(default_factory=list)
    most_at_once: int = 0
    closed: int = 0
    _at_once: int = 0

    @property
    def identity(self) -> Mapping[str, JsonValue]:
        return {"kind": "fake", "model": self.name}

    async def attempt(self, request: Request) -> Answer:
        self.requests.append(request)
        self.asked.update(record.id for record in request.about)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self.seconds)
            outcome = self.respond(request)
        finally:
            self._at_once -= 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Asks:
    """A stage that asks one question about each record, and one more with each attempt at it."""

    models: Mapping[str, LanguageModel]
    fingerprint: str = "1"
    name: str = "annotate:test"
    reads: Sequence[str] = ()
    questions: int = 1
    grows: bool = True
    tried: list[tuple[str, int]] = field(default_factory=list)

    def conversation(self, item: Item, *, attempt: int = 0) -> Conversation:
        record = item.record
        self.tried.append((record.id, attempt))
        model = next(iter(self.models))
        sampling: dict[str, JsonValue] = {"max_tokens": 100 * (1 + attempt)} if self.grows else {}
        answers = yield [
            Request(
                model,
                (Message("user", f"{number}: {record.text}"),),
                sampling=sampling,
                about=(record,),
                purpose=self.name,
            )
            for number in range(self.questions)
        ]
        for found in answers:
            if isinstance(found, LanguageModelError):
                return Result(record.id, error=str(found), may_pass=found.kind != "rejected", kind=found.kind)
            if found.finish is not Finish.STOP:
                return Result(record.id, error=f"{found.finish}", kind=str(found.finish))
        return Result(record.id, layers=(Layer(record_id=record.id, name="test", author="llm:fake@test"),))


@dataclass
class MemoryLedger:
    """Attempts in a list."""

    attempts: list[Attempt] = field(default_factory=list)
    looked_for: list[str] = field(default_factory=list)

    async def find(self, key: str) -> LedgerEntry:
        self.looked_for.append(key)
        await asyncio.sleep(0)
        found = [attempt for attempt in self.attempts if attempt.key == key]
        answered = [attempt.answer for attempt in found if attempt.answer is not None]
        return LedgerEntry(answered[-1] if answered else None, len(found))

    def note(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

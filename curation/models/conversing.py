"""A conversation held: each question by way of the client, until the stage gives its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from curation.errors import LanguageModelError
from curation.models.asking_stage import AskingStage, Conversation
from curation.models.client import UnaskedError
from curation.models.contract import Answer, Request
from curation.stage import Item, Result

#: Whether a failure of this kind is paid for again.
Retried = Callable[[str | None], bool]


def never(kind: str | None) -> bool:
    """No failure is paid for again."""
    return False


class AnswerSource(Protocol):
    """Where answers come from: the ledger, a model, or both, as of an AskingClient."""

    async def ask(self, request: Request, *, pay: bool = True) -> tuple[Answer, bool]:
        """The answer, and whether it was paid for now. Raises UnaskedError where there is none and none may be paid."""


async def result_of(stage: AskingStage, item: Item, client: AnswerSource, *, retried: Retried = never) -> Result:
    """A stage's result for one record.

    What was answered before is looked at first, through all earlier attempts at the record. A new attempt is paid for
    where there was none, and where all failed and the last is retried. Raises AskingStoppedError where the client was
    stopped, and whatever the conversation raises.
    """
    failed: tuple[Result, list[Request]] | None = None
    for attempt in count():
        held = _Held(client, pay=failed is None or retried(failed[0].kind))
        try:
            result = await held.through(stage.conversation(item, attempt=attempt))
        except UnaskedError:
            assert failed is not None
            return failed[0]
        if result.error is None or result.may_pass or held.paid:
            return result
        if failed is not None and held.requests == failed[1]:
            return result  # the stage asks the same, however often it was tried
        failed = result, held.requests
    raise AssertionError("counted without an end")


@dataclass(slots=True)
class _Held:
    """One conversation: what was asked in it, and whether anything was paid for."""

    client: AnswerSource
    pay: bool
    paid: bool = False
    requests: list[Request] = field(default_factory=list)

    async def through(self, conversation: Conversation) -> Result:
        """The conversation's result."""
        try:
            requests = next(conversation)
            while True:
                requests = conversation.send(await self._answers(requests))
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            conversation.close()

    async def _answers(self, requests: Sequence[Request]) -> list[Answer | LanguageModelError]:
        self.requests += requests
        if len(requests) == 1:  # without a task of its own
            return [await self._answer(requests[0])]
        # One that fails does not take the others along: they are paid for.
        answers = await asyncio.gather(*map(self._answer, requests), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, LanguageModelError):
                raise answer
        return answers  # type: ignore[return-value]

    async def _answer(self, request: Request) -> Answer | LanguageModelError:
        try:
            answer, paid = await self.client.ask(request, pay=self.pay)
        except LanguageModelError as error:
            self.paid = True
            return error
        self.paid |= paid
        return answer

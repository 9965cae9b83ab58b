"""Questions to a language model whose answers are kept, so that a script goes on where it was ended."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from annotation.llm.annotator import LlmAnnotator
from curation.errors import LanguageModelError
from curation.models.contract import Answer, Attempt, LanguageModel, Request, answer_key
from curation.record import Layer
from curation.stage import Item
from curation.store import Store

#: An answer has so many tokens at most: a free one that goes on is none.
MOST = 400


@dataclass
class Asking:
    """One way of asking, by way of the answers that are kept."""

    model: LanguageModel
    store: Store
    constrained: bool
    most: int = MOST
    answers: list[Answer] = field(default_factory=list)
    paid: list[Answer] = field(default_factory=list)

    async def layer(self, stage: LlmAnnotator, item: Item) -> Layer | None:
        """The layer of a record; None where no answer could be read."""
        conversation = stage.conversation(item)
        try:
            requests = next(conversation)
            while True:
                requests = conversation.send(await asyncio.gather(*map(self._answer, requests)))
        except StopIteration as end:
            return next(iter(end.value.layers), None)

    async def _answer(self, request: Request) -> Answer | LanguageModelError:
        schema = request.schema if self.constrained else None
        request = replace(request, schema=schema, sampling={"max_tokens": self.most})
        key = answer_key(self.model.identity, request)
        answer = self.store.answers([key]).get(key)
        if answer is None:
            try:
                answer = await self.model.attempt(request)
            except LanguageModelError as error:
                return error
            self.paid.append(answer)
            self.store.note_attempts([_attempt(key, request, answer)])
        self.answers.append(answer)
        return answer


def _attempt(key: str, request: Request, answer: Answer) -> Attempt:
    return Attempt(
        key=key,
        model=request.model,
        purpose=request.purpose,
        record_ids=tuple(record.id for record in request.about),
        number=1,
        sample=request.sample,
        state=answer.finish,
        time=datetime.now(UTC).isoformat(),
        answer=answer,
    )

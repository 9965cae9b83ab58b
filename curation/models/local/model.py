"""A language model on this machine, as the contract has it: many may ask at once, one thread answers in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from threading import Condition, Thread

from pydantic import JsonValue, ValidationError

from curation.errors import CurateError, LanguageModelError
from curation.models.contract import Answer, Finish, Request
from curation.models.local.chat import prompt_tokens
from curation.models.local.constraint import Schemas
from curation.models.local.generation import AnswerRow, Generator
from curation.models.local.sampling import Sampling, chooser
from curation.models.local.settings import LocalModelSettings
from curation.models.local.source import adapter_revision, model_source
from curation.models.local.weights import LoadedModel, load_model
from curation.record import digest

#: Raised when the same model would answer otherwise.
VERSION = 1
#: Seconds that are waited for requests that come beside the first.
GATHERED = 0.01


@dataclass(slots=True)
class _Asked:
    """A request, and where its answer goes."""

    request: Request
    answer: Future[Answer]
    prompt: list[int] | None = None


class LocalModel:
    """A transformers model with or without an adapter; its answers fit the schema by construction.

    Its files are looked for at once, so that a wrong name is reported before any work; the weights are loaded when the
    first request comes. Raises UsageError where they are not on this machine.
    """

    remote: str | None = None

    def __init__(self, name: str, settings: LocalModelSettings) -> None:
        self.name = name
        self.at_once = settings.concurrency
        self._settings = settings
        self._source = model_source(settings.path)
        self._adapter = adapter_revision(settings.adapter) if settings.adapter else None
        self._asked: list[_Asked] = []
        self._changed = Condition()
        self._thread: Thread | None = None
        self._closed = False

    @property
    def identity(self) -> Mapping[str, JsonValue]:
        """What its answers depend on besides a request."""
        settings = self._settings
        return {
            "kind": settings.kind,
            "version": VERSION,
            "revision": self._source.revision,
            "adapter": self._adapter,
            "dtype": settings.dtype,
            "context": settings.context,
            "parameters": settings.parameters,
        }

    async def attempt(self, request: Request) -> Answer:
        """The answer to one request, made beside those that others wait for.

        Raises LanguageModelError (rejected) for a prompt that is too long for the model, a schema or parameters that it
        cannot follow.
        """
        asked = _Asked(request, Future())
        with self._changed:
            if self._closed:
                raise LanguageModelError("unreachable", f"expected the model {self.name}, it was closed")
            if self._thread is None:
                self._thread = Thread(target=self._work, name=f"model {self.name}", daemon=True)
                self._thread.start()
            self._asked.append(asked)
            self._changed.notify()
        return await asyncio.wrap_future(asked.answer)

    async def close(self) -> None:
        """Stop, and give the memory back; those who wait for an answer get an error."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    @cached_property
    def _loaded(self) -> LoadedModel:
        return load_model(self._source.prepared(), self._settings)

    @cached_property
    def _schemas(self) -> Schemas:
        return Schemas(self._loaded)

    @cached_property
    def _generator(self) -> Generator:
        return Generator(self._loaded)

    def _work(self) -> None:
        while waiting := self._waiting():
            batch = waiting
            try:
                batch = self._chosen(waiting)
                for asked, answer in self._answers(batch):
                    _give(asked, answer)
            except CurateError as error:
                _give_all(batch, error)
            except Exception as error:
                # The message of another library may quote the prompt.
                _give_all(batch, LanguageModelError("unreachable", f"expected an answer, got {type(error).__name__}"))
        _give_all(self._asked, LanguageModelError("unreachable", f"the model {self.name} was closed"))
        for part in ("_generator", "_schemas", "_loaded"):
            self.__dict__.pop(part, None)

    def _waiting(self) -> list[_Asked]:
        """All who wait for an answer, the oldest first, once there are any; none when the model is closed."""
        with self._changed:
            self._asked = [asked for asked in self._asked if not asked.answer.done()]
            self._changed.wait_for(lambda: self._asked or self._closed)
        time.sleep(GATHERED)
        with self._changed:
            return [] if self._closed else list(self._asked)

    def _chosen(self, waiting: Sequence[_Asked]) -> list[_Asked]:
        """The requests to answer next: the oldest, and those whose prompts are nearest to it in length."""
        tokenizer = self._loaded.tokenizer
        for asked in (asked for asked in waiting if asked.prompt is None):
            try:
                asked.prompt = [*self._loaded.prefix, *prompt_tokens(tokenizer, asked.request.messages)]
            except LanguageModelError as error:
                _give(asked, error)
        ready = [asked for asked in waiting if not asked.answer.done()]
        return _nearest(ready, self._settings.batch_tokens) if ready else []

    def _answers(self, batch: Sequence[_Asked]) -> Iterator[tuple[_Asked, Answer | LanguageModelError]]:
        started = time.monotonic()
        rows: dict[int, _Asked] = {}
        made: list[AnswerRow] = []
        for asked in batch:
            try:
                row = self._row(asked)
            except LanguageModelError as error:
                yield asked, error
            else:
                made.append(row)
                rows[id(row)] = asked
        for row in self._generator.answers(made) if made else ():
            yield rows[id(row)], row.error or self._answer(row, time.monotonic() - started)

    def _row(self, asked: _Asked) -> AnswerRow:
        request, prompt = asked.request, asked.prompt or []
        sampling = self._sampling(request)
        matcher = self._schemas.matcher(request.schema) if request.schema is not None else None
        room = self._loaded.context - len(prompt)
        needed = matcher.reserve if matcher else 1
        if room < needed:
            raise LanguageModelError(
                "rejected",
                f"expected a prompt of {self._loaded.context - needed} tokens at most, so that an answer fits into the "
                f"model's context of {self._loaded.context}, got {len(prompt)}",
            )
        said = [[message.role, message.content] for message in request.messages]
        seed = int(digest([sampling.seed, request.sample, said], length=8), 16)
        return AnswerRow(
            prompt=prompt,
            choose=chooser(sampling, seed),
            limit=min(room, sampling.max_tokens or room),
            matcher=matcher,
            wanted=lambda: not (asked.answer.cancelled() or self._closed),
        )

    def _sampling(self, request: Request) -> Sampling:
        try:
            return Sampling.model_validate({**self._settings.parameters, **request.sampling})
        except ValidationError as error:
            known = ", ".join(Sampling.model_fields)
            raise LanguageModelError(
                "rejected", f"expected the parameters {known}, got {', '.join(map(str, request.sampling))}"
            ) from error

    def _answer(self, row: AnswerRow, seconds: float) -> Answer:
        pieces = row.pieces(self._loaded.tokenizer)
        text = "".join(piece.text for piece in pieces)
        finish = row.finish or Finish.STOP
        return Answer(
            text=text,
            finish=Finish.EMPTY if finish is Finish.STOP and not text.strip() else finish,
            model=self._source.name,
            form="enforced" if row.matcher else "off",
            tokens_in=len(row.prompt),
            tokens_out=len(row.tokens),
            cost=0.0,
            seconds=seconds,
            logprobs=pieces,
        )


def _nearest(ready: Sequence[_Asked], most: int) -> list[_Asked]:
    """The oldest request with as many others of about its length as there is room for, padding included."""
    by_length = sorted(ready, key=lambda asked: len(asked.prompt or ()))
    first = last = by_length.index(ready[0])
    while True:
        shorter, longer = first > 0, last + 1 < len(by_length)
        # The longer neighbour widens all rows, the shorter one none.
        width = len(by_length[last].prompt or ())
        wider = len(by_length[last + 1].prompt or ()) if longer else 0
        rows = last - first + 2
        if shorter and rows * width <= most:
            first -= 1
        elif longer and rows * wider <= most:
            last += 1
        else:
            return by_length[first : last + 1]


def _give(asked: _Asked, answer: Answer | CurateError) -> None:
    with suppress(InvalidStateError):  # nobody waits for it any longer
        if isinstance(answer, Answer):
            asked.answer.set_result(answer)
        else:
            asked.answer.set_exception(answer)


def _give_all(batch: Sequence[_Asked], error: CurateError) -> None:
    for asked in batch:
        if not asked.answer.done():
            _give(asked, error)

"""A model that answers from a script: for tests and dry runs. Nothing is sent, no model is loaded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pydantic import Field, JsonValue, ValidationError

from curation.errors import ConfigError, LanguageModelError
from curation.models.contract import Answer, Finish, Request
from curation.models.pace import Limits
from curation.models.prices import cost
from curation.models.settings import PriceSettings, ScriptedModelSettings
from curation.models.tokens import count_tokens, estimated_tokens
from curation.record import Frozen, digest

#: What answers a request: words, or an answer with how it ended. Raises LanguageModelError in its place.
Respond = Callable[[Request], str | Answer]


class ScriptLine(Frozen):
    """A line of a script: when it holds, and what it answers."""

    if_: str = Field("", alias="if", description="Words of the question; without them, any question.")
    answer: JsonValue = Field("", description="Words, or a value that is written as JSON.")
    finish: Finish = Finish.STOP
    error: str | None = Field(None, description="The kind of a LanguageModelError, in place of an answer.")

    def holds(self, request: Request) -> bool:
        """Whether its words occur in the question."""
        return any(self.if_ in message.content for message in request.messages)

    def respond(self) -> Answer:
        """What it answers."""
        if self.error is not None:
            raise LanguageModelError(self.error, "expected an answer, the script has an error in its place")
        text = self.answer if isinstance(self.answer, str) else json.dumps(self.answer, ensure_ascii=False)
        return Answer(text, self.finish, "script", "off")


class ScriptedModel:
    """Answers from a function; tokens are estimated where an answer has none."""

    remote: str | None = None

    def __init__(
        self,
        name: str,
        respond: Respond,
        *,
        identity: Mapping[str, JsonValue] | None = None,
        at_once: int = 16,
        seconds: float = 0.0,
        prices: PriceSettings | None = None,
    ) -> None:
        self.name = name
        self.identity = {"kind": "scripted", "name": name, **(identity or {})}
        self.at_once = at_once
        self.limits = Limits(at_once=at_once)
        self._respond = respond
        self._seconds = seconds
        self._prices = prices

    @classmethod
    def of(cls, name: str, settings: ScriptedModelSettings) -> ScriptedModel:
        """A model with the script that a section names. Raises ConfigError where it is none."""
        lines = read_script(settings.script)
        return cls(
            name,
            lambda request: _first(lines, request).respond(),
            identity={"script": digest([line.model_dump(mode="json") for line in lines])},
            at_once=settings.concurrency,
            seconds=settings.seconds,
            prices=settings.prices,
        )

    async def attempt(self, request: Request) -> Answer:
        """What the script says to a request."""
        await asyncio.sleep(self._seconds)
        found = self._respond(request)
        answer = Answer(found, Finish.STOP, self.name, "off") if isinstance(found, str) else found
        sent = count_tokens(request.messages).tokens if answer.tokens_in is None else answer.tokens_in
        came = estimated_tokens(answer.text) if answer.tokens_out is None else answer.tokens_out
        return Answer(
            text=answer.text,
            finish=answer.finish,
            model=answer.model,
            form=answer.form,
            tokens_in=sent,
            tokens_out=came,
            cost=cost(self._prices, sent, came),
            seconds=self._seconds,
            logprobs=answer.logprobs,
        )

    def price(self, tokens_in: int, tokens_out: int) -> float | None:
        """The money for so many tokens, sent and answered; None where it is not known."""
        return cost(self._prices, tokens_in, tokens_out)

    async def close(self) -> None:
        """Nothing is open."""


def read_script(path: Path) -> tuple[ScriptLine, ...]:
    """The lines of a script. Raises ConfigError naming the first line that is none."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"expected a script of JSON lines in {path}, got {type(error).__name__}") from error
    lines = []
    for number, written in enumerate(content.splitlines(), 1):
        try:
            lines += [ScriptLine.model_validate_json(written)] if written.strip() else []
        except (ValidationError, RecursionError) as error:
            keys = "if, answer, finish, error"
            raise ConfigError(f"{path}: expected an object with {keys} in line {number}, got another one") from error
    return tuple(lines)


def _first(lines: Sequence[ScriptLine], request: Request) -> ScriptLine:
    for line in lines:
        if line.holds(request):
            return line
    raise LanguageModelError("rejected", "expected a line of the script that fits the question, there is none")

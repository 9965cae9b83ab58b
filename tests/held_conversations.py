"""A model that answers by a function of the test, and a conversation with it, without a runner."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from curation.errors import LanguageModelError
from curation.models.asking_stage import AskingStage
from curation.models.contract import Answer, Finish, Request, answer_key
from curation.record import Layer, Record
from curation.stage import Item, Result

Respond = Callable[[Request], Answer | LanguageModelError | str]


def answer(text: str, finish: Finish = Finish.STOP, *, tokens: int | None = 7) -> Answer:
    """What a model said."""
    return Answer(text, finish, "served-model", "schema", tokens_in=11, tokens_out=tokens)


def extraction(*entities: tuple[str, str] | tuple[str, str, str], **more: object) -> str:
    """An answer with entities: wording, category, and assertion unless it is present."""
    listed = [{"text": entity[0], "category": entity[1], "assertion": (*entity, "present")[2]} for entity in entities]
    return json.dumps({"entities": listed, **more}, ensure_ascii=False)


@dataclass
class ScriptedModel:
    """A model whose answers are up to the test; it keeps what it was asked, and answers the same question once."""

    respond: Respond = lambda request: extraction()
    name: str = "m"
    identity: Mapping[str, JsonValue] = field(default_factory=lambda: {"kind": "scripted", "model": "m"})
    remote: str | None = None
    at_once: int = 4
    rounds: list[Sequence[Request]] = field(default_factory=list)
    ledger: dict[str, Answer] = field(default_factory=dict)
    paid: int = 0

    @property
    def requests(self) -> list[Request]:
        return [request for asked in self.rounds for request in asked]

    async def attempt(self, request: Request) -> Answer:
        raise AssertionError("asked by way of `hold`")

    async def close(self) -> None:
        pass

    def said(self, request: Request) -> Answer | LanguageModelError:
        key = answer_key(self.identity, request)
        if key not in self.ledger:
            self.paid += 1
            given = self.respond(request)
            given = answer(given) if isinstance(given, str) else given
            if isinstance(given, LanguageModelError):
                return given
            self.ledger[key] = given
        return self.ledger[key]


def hold(stage: AskingStage, record: Record, *layers: Layer, attempt: int = 0) -> Result:
    """A stage's result for a record with these layers; its models answer."""
    models = {name: model for name, model in stage.models.items() if isinstance(model, ScriptedModel)}
    talk = stage.conversation(Item(record, {layer.name: layer for layer in layers}), attempt=attempt)
    try:
        asked = next(talk)
        while True:
            for name, model in models.items():
                model.rounds += [own] if (own := [request for request in asked if request.model == name]) else []
            asked = talk.send([models[request.model].said(request) for request in asked])
    except StopIteration as end:
        result: Result = end.value
        return result


def record(text: str, id: str = "r", language: str = "en") -> Record:
    """A record with that text."""
    return Record(id=id, group=id, source="test", language=language, text=text)

"""What a language model is to us: a request in, an answer out, whatever stands behind it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from pydantic import JsonValue

from curation.record import Record, canonical, text_digest


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation. came: whether the model that is asked has said it itself."""

    role: str
    content: str
    came: bool = False


class Finish(StrEnum):
    """How an answer ended. Only a stopped one is whole; the others are kept as they came."""

    STOP = "stop"
    TRUNCATED = "truncated"  # at the token limit
    REFUSED = "refused"  # by the model or its filter
    LOOPING = "looping"  # white space, digits or lines without end; stopped early when streaming
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class TokenProbability:
    """A piece of the answer and the natural logarithm of its probability."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Request:
    """One question for a model; what the answer depends on, and whom it is about.

    model: the name of a section [models.NAME]. sampling: what differs from that section's parameters. sample: which one
    of several answers to the same question. purpose: the stage that asks and pays, which is no part of the key.
    """

    model: str
    messages: tuple[Message, ...]
    schema: Mapping[str, JsonValue] | None = None
    sampling: Mapping[str, JsonValue] = field(default_factory=dict)
    sample: int = 0
    about: tuple[Record, ...] = ()
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and what it cost.

    form: how the form of the answer was asked for: schema, json, off (by words only), enforced (by a constraint on this
    machine). cost: in the currency of the model's prices, None where they are not known.
    """

    text: str
    finish: Finish
    model: str  # as the server calls it
    form: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    seconds: float = 0.0
    logprobs: tuple[TokenProbability, ...] | None = None


class LanguageModel(Protocol):
    """A model behind an address, on this machine, or a script."""

    @property
    def name(self) -> str:
        """The name of its section in the settings; the author of its layers is `llm:NAME`."""

    @property
    def identity(self) -> Mapping[str, JsonValue]:
        """What its answers depend on besides a request: kind, model, revision, sampling; no address, no pace."""

    @property
    def remote(self) -> str | None:
        """The host that texts are sent to, if it is not this machine."""

    @property
    def at_once(self) -> int:
        """Requests that it takes at once, at most."""

    async def attempt(self, request: Request) -> Answer:
        """The answer to one request, sent once.

        Raises LanguageModelError where there is none (`kind` says why, `retry_after` what the server asks for), and
        EgressBlockedError where the messages may not leave this machine.
        """

    async def close(self) -> None:
        """Give connections, memory and processes back."""


#: What a stage asks by: the ledger first, then the model, paced and tried again; every attempt is noted.
Ask = Callable[[Request], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to get an answer, as the ledger keeps it.

    state: how the answer ended (`Finish`), or the kind of the LanguageModelError. text: None where no answer came.
    """

    key: str
    model: str
    purpose: str
    record_ids: tuple[str, ...]
    number: int  # of the attempts at this key, from 1
    sample: int
    state: str
    time: str  # ISO 8601, UTC
    answer: Answer | None = None


def answer_key(identity: Mapping[str, JsonValue], request: Request) -> str:
    """The SHA-256 of all that the answer depends on: model, messages, schema, sampling and the number of the sample."""
    # As `digest` of a list of these; what is the same in most requests is not written anew for each.
    messages = ",".join(f"[{_quoted(message.role)},{_quoted(message.content)}]" for message in request.messages)
    before, after = canonical(dict(identity)), canonical(dict(request.sampling))
    written = f"[{before},[{messages}],{_quoted_schema(request.schema)},{after},{request.sample}]"
    return text_digest(written, length=64)


def own_temperature(identity: Mapping[str, JsonValue]) -> JsonValue:
    """The temperature of a model's parameters; None where they name none: some servers take no other than their own."""
    parameters = identity.get("parameters")
    given = parameters if isinstance(parameters, dict) else {}
    return given.get("temperature", 0 if identity.get("kind") == "local" else None)


def room_parameter(identity: Mapping[str, JsonValue]) -> str:
    """The parameter of a model that bounds the tokens of an answer: some servers take the newer name only."""
    parameters = identity.get("parameters")
    given = parameters if isinstance(parameters, dict) else {}
    return "max_completion_tokens" if "max_completion_tokens" in given else "max_tokens"


@lru_cache(maxsize=32)
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _quoted_schema(schema: Mapping[str, JsonValue] | None) -> str:
    """As text: with its properties in another order, a schema holds the model to another answer."""
    return _quoted(json.dumps(schema, ensure_ascii=False))

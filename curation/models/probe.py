"""Whether an endpoint holds its answers to a schema: found out with a canary, once for each address and model.

Some servers refuse schemas, which any request shows; others take them with HTTP 200 and answer as they like.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue

from curation.errors import LanguageModelError
from curation.models.contract import Answer, Finish, Message, Request

#: What the model is asked: nothing that would lead to the canary's keys by itself.
ASKED = (Message("user", "Write the word hello, and nothing else."),)
#: The form that no answer to that has unless it is held to it.
CANARY: Mapping[str, JsonValue] = {
    "type": "object",
    "properties": {
        "canary_7f3a": {"type": "string", "enum": ["yellow"]},
        "canary_b21c": {"type": "string", "enum": ["seven"]},
    },
    "required": ["canary_7f3a", "canary_b21c"],
    "additionalProperties": False,
}
HELD = {"canary_7f3a": "yellow", "canary_b21c": "seven"}


class SchemaSupport(StrEnum):
    """What a server makes of a schema."""

    ENFORCED = "enforced"
    IGNORED = "ignored"  # it is taken, and the answer is as the model likes
    REFUSED = "refused"


class ProbeNotes(Protocol):
    """Where it is noted what came of probes, such as the notes of a store."""

    def probed(self, key: str) -> str | None:
        """What was noted under a key."""

    def note_probe(self, key: str, found: str) -> None:
        """Note it."""


class ProbedModel(Protocol):
    """A model whose server may hold answers to a schema."""

    @property
    def name(self) -> str:
        """As of a LanguageModel."""

    @property
    def probe_key(self) -> str | None:
        """Its addresses and its name there; None where nothing is to be found out."""

    async def attempt(self, request: Request) -> Answer:
        """As of a LanguageModel."""

    def learn(self, support: SchemaSupport) -> None:
        """Ask in another form from now on, where schemas are of no use."""


async def probe(model: ProbedModel, notes: ProbeNotes) -> SchemaSupport | None:
    """What the server of a model makes of schemas, as noted, else as a canary shows; the model goes by it from now on.

    None where nothing is to be found out, or the canary's answer tells nothing. Raises LanguageModelError where the
    server does not answer, and EgressBlockedError.
    """
    key = model.probe_key
    if key is None:
        return None
    noted = notes.probed(key)
    support = SchemaSupport(noted) if noted in set(SchemaSupport) else await _support(model)
    if support is not None:
        if noted != support:
            notes.note_probe(key, support)
        model.learn(support)
    return support


async def _support(model: ProbedModel) -> SchemaSupport | None:
    try:
        answer = await model.attempt(Request(model.name, ASKED, schema=CANARY, purpose="probe"))
    except LanguageModelError as error:
        if error.kind == "rejected":
            return SchemaSupport.REFUSED
        raise
    if answer.form != "schema":
        return SchemaSupport.REFUSED
    if answer.finish is not Finish.STOP:
        return None
    return SchemaSupport.ENFORCED if _read(answer.text) == HELD else SchemaSupport.IGNORED


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

"""Whether an endpoint holds its answers to a schema: found out with a canary, once for each address and model.

Some servers refuse schemas or some of their keywords, which any request shows; others take them with HTTP 200 and
answer as they like. What came is kept in the ledger, as any answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from curation.author import AuthorKind, layer_name
from curation.models.contract import Answer, Finish, Message, Request, answer_key
from curation.models.schema_keywords import left_out_of

#: Who pays for a canary; it is about no record.
PURPOSE = "probe"
#: What the model is asked: nothing that would lead to the canary's keys by itself.
ASKED = (Message("user", "Write the word hello, and nothing else."),)
#: The form that no answer to that has unless it is held to it, with all keywords that our schemas have.
CANARY: Mapping[str, JsonValue] = {
    "type": "object",
    "properties": {
        "canary_7f3a": {"type": "string", "enum": ["yellow"], "maxLength": 6},
        "canary_b21c": {"type": "array", "items": {"type": "string", "enum": ["seven"]}, "maxItems": 1},
    },
    "required": ["canary_7f3a", "canary_b21c"],
    "additionalProperties": False,
}
#: An answer that is held to it; the list may be empty, too.
HELD: Mapping[str, JsonValue] = {"canary_7f3a": "yellow", "canary_b21c": ["seven"]}


class SchemaSupport(StrEnum):
    """What a server makes of a schema."""

    ENFORCED = "enforced"
    IGNORED = "ignored"  # it is taken, and the answer is as the model likes
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ProbeFinding:
    """What a canary has shown: nothing certain where support is None; left_out: keywords that the server refuses."""

    support: SchemaSupport | None
    left_out: frozenset[str] = frozenset()

    def __str__(self) -> str:
        without = f", without {', '.join(sorted(self.left_out))}" if self.left_out else ""
        return f"{self.support or 'not known'}{without}"

    def described(self, name: str) -> str:
        """A line for people: what the server of a model does, and what is done about it."""
        does = DOES[self.support]
        if self.support is SchemaSupport.ENFORCED and self.left_out:
            does += f"; they go without {', '.join(sorted(self.left_out))}, which it refuses or makes wrong answers of"
        return f"{layer_name(AuthorKind.LLM, name)}: its server {does}"


#: What people are told of each finding.
DOES = {
    SchemaSupport.ENFORCED: "holds answers to the schema that is sent",
    SchemaSupport.IGNORED: "takes schemas and ignores them: the prompt alone asks for the form of answers, which are "
    "read tolerantly and asked for again where they cannot be read",
    SchemaSupport.REFUSED: "refuses schemas: the prompt alone asks for the form of answers, which are read tolerantly "
    "and asked for again where they cannot be read",
    None: "gave no whole answer to the question whether it holds answers to a schema",
}


@runtime_checkable
class ProbedModel(Protocol):
    """A model whose server may hold answers to a schema."""

    @property
    def probe_key(self) -> str | None:
        """Its addresses and its name there; None where nothing is to be found out."""

    def learn(self, found: ProbeFinding) -> None:
        """Ask in another form from now on, where schemas are of no use."""


def canary(model: str) -> Request:
    """The question that finds it out."""
    return Request(model, ASKED, schema=CANARY, purpose=PURPOSE)


def ledger_key(probe_key: str) -> str:
    """Under what the answer to a canary is kept: the addresses decide, not the parameters."""
    return answer_key({"probe": probe_key}, canary(""))


def finding(answer: Answer) -> ProbeFinding:
    """What the answer to a canary shows."""
    left_out = left_out_of(answer.form)
    if not answer.form.startswith("schema"):
        return ProbeFinding(SchemaSupport.REFUSED)
    if answer.finish is not Finish.STOP:
        return ProbeFinding(None, left_out)
    return ProbeFinding(SchemaSupport.ENFORCED if _is_held(answer.text) else SchemaSupport.IGNORED, left_out)


def _is_held(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return found in (HELD, {**HELD, "canary_b21c": []})

"""Ask: a record and a prompt become a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pydantic import JsonValue

from curation.models.endpoint import Message, Reply
from curation.models.prompt import Prompt
from curation.record import Assertion, Record
from curation.scheme import Scheme

#: What a language model is to us: messages, the form of the answer and the records asked about in, a reply out.
Model = Callable[[Sequence[Message], Mapping[str, JsonValue], Sequence[Record]], Reply]


def ask(model: Model, prompt: Prompt, record: Record, scheme: Scheme) -> Reply:
    """The model's reply about the record."""
    return model(prompt.messages(record), answer_schema(scheme), [record])


def answer_schema(scheme: Scheme) -> dict[str, JsonValue]:
    """The form of an answer as a JSON schema, closed in all its parts, as strict servers require."""
    quote = _closed(
        {
            "text": {"type": "string"},
            "category": {"type": "string", "enum": list(scheme.names)},
            "assertion": {"type": "string", "enum": [assertion.value for assertion in Assertion]},
        }
    )
    # A list of no categories is no valid schema.
    parts: dict[str, JsonValue] = {"entities": {"type": "array", "items": quote}} if scheme.categories else {}
    if scheme.labels:
        values: dict[str, JsonValue] = {
            label.name: {"type": "string", "enum": list(label.values)} for label in scheme.labels
        }
        parts["labels"] = _closed(values)
    return _closed(parts)


def _closed(properties: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

"""A record as a chat: the task, the report, and its flat view as the answer."""

from __future__ import annotations

import json

from curation.record import Layer, Record
from curation.scheme import ABSENT, FACT_JOIN, Scheme


def chat_example(record: Record, layer: Layer, scheme: Scheme, *, prompt: str | None = None) -> dict[str, object]:
    """One report as a chat whose answer is the layer's flat view."""
    answer = json.dumps(scheme.flat(layer), ensure_ascii=False)
    # The report is data: it stands between marks, in the user's message, never in the instruction.
    return {
        "id": record.id,
        "language": record.language,
        "messages": [
            {"role": "system", "content": prompt or instruction(scheme, record.language)},
            {"role": "user", "content": f"<report>\n{record.text}\n</report>"},
            {"role": "assistant", "content": answer},
        ],
    }


def instruction(scheme: Scheme, language: str) -> str:
    """The system message made from the scheme's definitions."""
    speech = language if language in scheme.languages else scheme.languages[0]
    rules = "\n".join(
        f"- {category.name}: {category.definition.get(speech, '')} {category.boundary.get(speech, '')}".rstrip()
        for category in scheme.categories
    )
    labels = "\n".join(
        f"- {label.name}: {label.definition.get(speech, '')} (one of: {'; '.join(label.values)})".replace(":  (", ": (")
        for label in scheme.labels
    )
    opening = "clinical report between <report> and </report> into one JSON object. Its keys, in this order, are"
    if not scheme.categories:
        return f'Sort the {opening} the labels below; every value is one of the label\'s own, or "{ABSENT}".\n{labels}'
    extract = (
        f"Extract the facts of the {opening} the categories below; every value is one string. Several facts are "
        f'joined by "{FACT_JOIN}"; a category without a fact is "{ABSENT}". Use the wording of the report '
        f"and add nothing.\n{rules}"
    )
    return f"{extract}\nThen one value for the whole report for each of these keys:\n{labels}" if labels else extract

"""The JSON object in a model's answer, in spite of words around it and of trailing commas; each repair is named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

#: A comma before a closing bracket, which people and models write and JSON does not allow.
TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def read_object(text: str) -> tuple[Mapping[str, Any] | None, list[str]]:
    """The object in an answer, or None where there is none, with the names of the repairs that were tried."""
    repairs: list[str] = []
    content = _json(text)
    if content is None:
        # Models put fences and friendly words around what was asked for.
        start, end = text.find("{"), text.rfind("}") + 1
        if 0 <= start < end and text.strip() != text[start:end]:
            text = text[start:end]
            repairs.append("words around the JSON")
            content = _json(text)
    if content is None:
        repairs.append("trailing commas")
        content = _json(_without_trailing_commas(text))
    return (content if isinstance(content, dict) else None), repairs


def _json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _without_trailing_commas(text: str) -> str:
    """The text without them; strings stay as they are."""
    pieces, after = [], 0
    for string in STRING.finditer(text):
        pieces += [TRAILING_COMMA.sub("", text[after : string.start()]), string[0]]
        after = string.end()
    return "".join(pieces) + TRAILING_COMMA.sub("", text[after:])

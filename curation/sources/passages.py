"""The text of a row that holds it in passages with offsets only, as the BigBIO data sets do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.sources.place_fields import place

PASSAGES = "passages"


def text_of_passages(values: Mapping[str, Any]) -> str | None:
    """The passages' texts at their offsets, with line feeds between them; None where they do not fit together."""
    passages = values.get(PASSAGES)
    if not isinstance(passages, list) or not passages:
        return None
    parts: list[tuple[int, int, str]] = []
    for passage in passages:
        if not isinstance(passage, dict) or passage.get("annotations"):
            return None
        words = passage.get("text")
        words = [words] if isinstance(words, str) else words
        spans = place({"offsets": passage.get("offsets")}, ()).spans
        if not isinstance(words, list) or spans is None or len(spans) != len(words):
            return None
        parts += [(start, end, part) for (start, end), part in zip(spans, words, strict=True) if isinstance(part, str)]
    text = ""
    for start, end, part in sorted(parts):
        if start < len(text) or end - start != len(part):
            return None
        text = text.ljust(start, "\n") + part
    return text

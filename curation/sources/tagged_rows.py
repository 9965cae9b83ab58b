"""Rows of tokens and a tag for each (IOB, IOB2, BIOES, BILOU), as many Hugging Face data sets have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from curation.sources.draft import Draft, DraftEntity, Span
from curation.sources.tags import TAG, chunks

TOKENS = ("tokens", "words")
TAGS = ("ner_tags", "tags", "ner", "labels", "label", "iob_tags", "bio_tags", "tag")
SURE = frozenset({"ner_tags", "iob_tags", "bio_tags"})


def tokens_of(values: Mapping[str, Any]) -> Sequence[str] | None:
    """The words of a row that comes as tokens."""
    return next((values[name] for name in TOKENS if _is_words(values.get(name))), None)


def tag_column(values: Mapping[str, Any], tokens: Sequence[str]) -> str | None:
    """The column with one thing for each token that should be its tag, or one that is sure to hold tags."""
    for name in TAGS:
        tags = values.get(name)
        if not isinstance(tags, list) or not all(isinstance(tag, str | int) for tag in tags):
            continue
        if tags and (len(tags) == len(tokens) or name in SURE):
            return name
    return None


def add_tagged(draft: Draft, tokens: Sequence[str], tags: Sequence[Any]) -> bool:
    """The annotations that the tags say, at the places of the tokens in the text; False when they are no tags."""
    if len(tags) != len(tokens) or not all(isinstance(tag, str) and TAG.fullmatch(tag) for tag in tags):
        return False
    draft.annotated = True
    spans = _spans(tokens, draft.text)
    for type_, first, last in chunks(list(tags)):
        place = (spans[first], spans[last])
        span = (place[0][0], place[1][1]) if place[0] and place[1] else None
        fault = "" if span else "expected the tokens in the order of the text, got one that is not in it"
        draft.entities.append(
            DraftEntity(f"T{len(draft.entities) + 1}", type_, spans=(span,) if span else None, refused=fault)
        )
    return True


def refuse_tokens(draft: Draft, tokens: Sequence[str]) -> None:
    """Refuses offsets without a wording that may count the tokens from which the text was put together."""
    ends = [end for entity in draft.entities for _, end in entity.spans or ()]
    if ends and max(ends) <= len(tokens):
        for entity in draft.entities:
            if entity.spans and not entity.wording:
                entity.refused = (
                    "expected offsets in characters, got some that may count tokens; give the wording or the text"
                )


def _is_words(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def _spans(tokens: Sequence[str], text: str) -> list[Span | None]:
    """Where each token stands, one after the other; None for one that does not."""
    spans: list[Span | None] = []
    at = 0
    for token in tokens:
        start = text.find(token, at)
        spans.append((start, start + len(token)) if start >= 0 and token else None)
        at = start + len(token) if start >= 0 else at
    return spans

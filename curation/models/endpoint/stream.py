"""An answer that comes piece by piece (server-sent events), stopped where it repeats itself without end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from curation.errors import LanguageModelError
from curation.models.contract import Finish
from curation.models.endpoint.reply import (
    Completion,
    finish_of,
    not_a_completion,
    pieces_of,
    text_of,
    tokens_of,
    tokens_with_logprobs,
)
from curation.models.loops import is_looping

#: Characters after which an answer is looked at for repetition again.
STEP = 200


async def read_stream(parts: AsyncIterator[bytes]) -> Completion:
    """The completion in a stream; of one that loops, what came until that was seen.

    Raises LanguageModelError where it was cut off or is no stream of completions.
    """
    pieces: list[str] = []
    tokens: list[Any] = []
    reason: object = None
    refusal, model, looked, size = False, "", 0, 0
    usage: tuple[int | None, int | None] = (None, None)
    is_done = False
    async for event in _events(parts):
        if event is None:
            is_done = True
            break
        try:
            choices, model = event.get("choices") or [], str(event.get("model") or model)
            usage = tokens_of(event["usage"]) if event.get("usage") else usage
            for choice in choices[:1]:
                delta = choice.get("delta") or {}
                piece = text_of(delta.get("content"))
                refusal = refusal or bool(delta.get("refusal"))
                reason = choice.get("finish_reason") or reason
                tokens += tokens_with_logprobs(choice.get("logprobs"))
                pieces += [piece] if piece else []
                size += len(piece)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise not_a_completion() from None
        if size - looked >= STEP:
            looked = size
            if is_looping(text := "".join(pieces)):
                # A piece is mostly one token; what the server would have counted is not told any more.
                return Completion(text, Finish.LOOPING, model, None, len(pieces), pieces_of(tokens))
    if not is_done and reason is None:
        raise LanguageModelError("unreachable", "expected a whole answer, the stream was cut off")
    text = "".join(pieces)
    return Completion(text, finish_of(text, reason, refusal=refusal), model, *usage, pieces_of(tokens))


async def _events(parts: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any] | None]:
    """Each event of a stream as an object, and None for its end."""
    rest = b""
    async for part in parts:
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield _event(line[5:].strip())
    if rest.startswith(b"data:"):
        yield _event(rest[5:].strip())


def _event(content: bytes) -> dict[str, Any] | None:
    if content == b"[DONE]":
        return None
    try:
        event = json.loads(content)
    except (ValueError, RecursionError):
        raise not_a_completion() from None
    if not isinstance(event, dict):
        raise not_a_completion()
    if event.get("error"):
        raise LanguageModelError("unreachable", "expected a whole answer, the server broke it off")
    return event

"""What a server's answer says: a chat completion as an answer, or the error in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from curation.errors import LanguageModelError
from curation.models.contract import Finish, TokenProbability
from curation.models.loops import is_looping

#: Statuses that every further request would meet too.
DENIED = frozenset({401, 402, 403, 404})
#: Statuses by which servers say that they do not know a form of answer.
UNKNOWN_FORM = frozenset({400, 415, 422, 501})
#: Codes in the body of an error: no money is left; a filter has refused the question.
NO_QUOTA, FILTERED = "insufficient_quota", "content_filter"

#: How servers say that an answer ended, beside `stop`.
FINISHES = {
    **dict.fromkeys(("length", "max_tokens", "model_length", "max_output_tokens"), Finish.TRUNCATED),
    **dict.fromkeys(("content_filter", "safety", "refusal", "prohibited_content", "blocklist"), Finish.REFUSED),
}
#: How they say that it broke off by their own fault.
BROKEN = frozenset({"error", "abort", "cancelled", "insufficient_system_resource"})


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat completion, as far as it was read."""

    text: str
    finish: Finish
    model: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    logprobs: tuple[TokenProbability, ...] | None = None


def read_completion(content: bytes) -> Completion:
    """The completion in a body. Raises LanguageModelError where it is none, or the server broke it off."""
    try:
        body = json.loads(content)
        choice = body["choices"][0]
        message = choice["message"]
        text = text_of(message.get("content"))
        finish = finish_of(text, choice.get("finish_reason"), refusal=message.get("refusal"))
        usage = tokens_of(body.get("usage"))
        logprobs = logprobs_of(choice.get("logprobs"))
        named = body.get("model")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise not_a_completion() from None
    return Completion(text, finish, str(named or ""), *usage, logprobs or None)


def text_of(content: object) -> str:
    """The words of a message: a string, or a list of parts with a text. Raises TypeError for anything else."""
    if isinstance(content, list):
        return "".join(text_of(part["text"]) for part in content if part.get("type", "text") == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError
    return content or ""


def finish_of(text: str, reason: object, *, refusal: object = None) -> Finish:
    """How an answer ended. Raises LanguageModelError where the server broke it off."""
    word = str(reason or "").lower()
    if word in BROKEN:
        raise LanguageModelError("unreachable", "expected a whole answer, the server broke it off")
    if refusal:
        return Finish.REFUSED
    finish = FINISHES.get(word, Finish.STOP)
    if finish is not Finish.REFUSED and is_looping(text):
        return Finish.LOOPING
    return Finish.EMPTY if finish is Finish.STOP and not text.strip() else finish


def tokens_of(usage: object) -> tuple[int | None, int | None]:
    """Tokens sent and answered, as far as the server counts them."""
    counts = usage if isinstance(usage, dict) else {}
    sent, answered = counts.get("prompt_tokens"), counts.get("completion_tokens")
    return (sent if type(sent) is int else None, answered if type(answered) is int else None)


def logprobs_of(found: object) -> tuple[TokenProbability, ...]:
    """The pieces of an answer with their probabilities; none where the server gives none."""
    content = found.get("content") if isinstance(found, dict) else None
    return tuple(TokenProbability(str(piece["token"]), float(piece["logprob"])) for piece in content or ())


def not_a_completion() -> LanguageModelError:
    """The error where something else came."""
    return LanguageModelError("unparsable", "expected a chat completion, got something else")


def is_filtered(status: int, content: bytes) -> bool:
    """Whether the server's filter refused the question, which some say by a status."""
    return status == 400 and _code(content) == FILTERED


def error_of(
    status: int, content: bytes, headers: Mapping[str, str], *, model: str, key_env: str
) -> LanguageModelError:
    """The error for a status that is no success; bodies may quote the record and stay out."""
    wished = retry_after(headers.get("retry-after"))
    if status in DENIED or (status == 429 and _code(content) == NO_QUOTA):
        return LanguageModelError(
            "denied",
            f"expected the server to serve {model}, got HTTP {status}; see the address, the model and {key_env}",
        )
    if status in (429, 529) or (status == 503 and wished is not None):
        return LanguageModelError(
            "busy", f"expected an answer, got HTTP {status}: too many requests", retry_after=wished
        )
    if status in (408, 504):
        return LanguageModelError("timeout", f"expected an answer, got HTTP {status}")
    if status == 425 or status >= 500:
        return LanguageModelError("unreachable", f"expected an answer, got HTTP {status}")
    return LanguageModelError("rejected", f"expected the server to take the request, got HTTP {status}")


def retry_after(value: str | None) -> float | None:
    """Seconds to wait by the header, which is a number or a date (RFC 9110, 10.2.3)."""
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value or "") - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _code(content: bytes) -> Any:
    """The code of an error in its body, which is in one of two places."""
    try:
        error = json.loads(content)["error"]
        return error.get("code") or error.get("type")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None

"""What a server's answer says: a chat completion as an answer, or the error in its place."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
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
    **dict.fromkeys(
        ("content_filter", "safety", "refusal", "prohibited_content", "blocklist", "recitation", "spii"), Finish.REFUSED
    ),
}
#: More tokens than any answer has: what a server counts beyond is no count.
MOST_TOKENS = 1_000_000_000
#: How they say that it broke off by their own fault.
BROKEN = frozenset({"error", "abort", "cancelled", "insufficient_system_resource"})

#: The logarithm of a probability that servers give in place of nothing.
SMALLEST = -9999.0


@dataclass(frozen=True, slots=True)
class Completion:
    """A chat completion, as far as it was read."""

    text: str
    finish: Finish
    model: str
    tokens_in: int | None = None
    tokens_out: int | None = None
    logprobs: tuple[TokenProbability, ...] | None = None
    #: Keywords of schemas that this server makes wrong answers of, as far as the completion shows.
    left_out: frozenset[str] = frozenset()


def read_completion(content: bytes) -> Completion:
    """The completion in a body. Raises LanguageModelError where it is none, or the server broke it off."""
    try:
        return completion_of(json.loads(content))
    except (ValueError, RecursionError):
        raise not_a_completion(by_server=True) from None


def completion_of(body: Any) -> Completion:
    """The completion that a body is, once it is read as JSON. Raises as `read_completion` does."""
    try:
        choice = body["choices"][0]
    except (ValueError, LookupError, TypeError, RecursionError):
        # A page of a proxy, or of another program than a model's server: the record has no part in it.
        raise not_a_completion(by_server=True) from None
    try:
        message = choice["message"]
        text = text_of(message.get("content"))
        finish = finish_of(text, choice.get("finish_reason"), refusal=_refusal(message))
        usage = tokens_of(body.get("usage"))
        logprobs = pieces_of(tokens_with_logprobs(choice.get("logprobs")))
        named = body.get("model")
        left_out = misread_keywords(body, choice)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise not_a_completion() from None
    return Completion(text, finish, str(named or ""), *usage, logprobs, left_out)


def misread_keywords(body: Mapping[str, Any], choice: Mapping[str, Any]) -> frozenset[str]:
    """The bound of strings, where the fields of a completion show vLLM or SGLang.

    Both hold answers to a schema by xgrammar, whose strings with a bound can have no quotation marks and no line ends,
    but control characters (xgrammar issue 800, November 2026).
    """
    is_theirs = "prompt_logprobs" in body or "kv_transfer_params" in body or "matched_stop" in choice
    return frozenset({"maxLength"}) if is_theirs else frozenset()


def text_of(content: object) -> str:
    """The words of a message: a string, or a list of parts with a text. Raises TypeError for anything else."""
    if isinstance(content, list):
        return "".join(text_of(part["text"]) for part in content if part.get("type", "text") == "text")
    if content is not None and not isinstance(content, str):
        raise TypeError
    return content or ""


def _refusal(message: Mapping[str, Any]) -> object:
    """The model's own words of refusal: beside the content, or as a part of it."""
    content = message.get("content")
    parts = content if isinstance(content, list) else ()
    return message.get("refusal") or any(part.get("type") == "refusal" for part in parts)


def finish_of(text: str, reason: object, *, refusal: object = None) -> Finish:
    """How an answer ended. Raises LanguageModelError where the server broke it off."""
    # Some say after a colon by which of their rules.
    word = str(reason or "").lower().partition(":")[0].strip()
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
    return _tokens(counts.get("prompt_tokens")), _tokens(counts.get("completion_tokens"))


def _tokens(count: object) -> int | None:
    return count if type(count) is int and 0 <= count <= MOST_TOKENS else None


def tokens_with_logprobs(found: object) -> list[Any]:
    """The tokens of an answer or of a part of it, as the server gives them; some use the form of older answers."""
    given = found if isinstance(found, dict) else {}
    if isinstance(given.get("content"), list):
        return list(given["content"])
    tokens, logprobs = given.get("tokens"), given.get("token_logprobs")
    if not (isinstance(tokens, list) and isinstance(logprobs, list) and len(tokens) == len(logprobs)):
        return []
    return [{"token": token, "logprob": logprob} for token, logprob in zip(tokens, logprobs, strict=True)]


def pieces_of(tokens: Sequence[Any]) -> tuple[TokenProbability, ...] | None:
    """The pieces of an answer, each of whole characters; None where there are none, or one of them cannot be read.

    A character may be made of several tokens, each a part of its bytes.
    """
    pieces: list[TokenProbability] = []
    waiting, so_far = b"", 0.0
    try:
        for token in tokens:
            given = token.get("bytes")
            waiting += bytes(given) if isinstance(given, list) else token["token"].encode()
            so_far += _logarithm(token["logprob"])
            if (text := _characters(waiting)) is not None:
                pieces.append(TokenProbability(text, so_far))
                waiting, so_far = b"", 0.0
    except (ValueError, LookupError, TypeError, AttributeError):
        return None  # the answer itself is whole
    return tuple(pieces) or None


def _logarithm(number: object) -> float:
    """A logarithm of a probability, none too small to count with. Raises ValueError for anything else."""
    found = float(number) if isinstance(number, int | float) else math.nan
    if math.isnan(found):
        raise ValueError
    return min(0.0, max(found, SMALLEST))


def _characters(encoded: bytes) -> str | None:
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return None


def not_a_completion(*, by_server: bool = False) -> LanguageModelError:
    """The error where something else came."""
    return LanguageModelError("unparsable", "expected a chat completion, got something else", by_server=by_server)


def status_within(content: bytes) -> int | None:
    """The HTTP status of an error that a server has put into the body of a success; None where there is none."""
    try:
        status = int(json.loads(content)["error"]["code"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return status if 400 <= status <= 599 else None


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

"""The lines of a batch's files: a question as a line, and what a line says of the answer.

Form: OpenAI's batch API, "request input" and "request output" (November 2026).
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from curation.errors import LanguageModelError
from curation.models.contract import Finish
from curation.models.endpoint.reply import UNKNOWN_FORM, Completion, completion_of, error_of, is_filtered
from curation.models.endpoint.transport import MOST

#: Why a request was not done, by the code of a line without a response; the states of attempts.
CODES = {
    "batch_expired": "expired",
    "batch_cancelled": "cancelled",
    "request_timeout": "timeout",
    "rate_limit_exceeded": "busy",
    "too_many_requests": "busy",
    "server_error": "unreachable",
    "internal_error": "unreachable",
    "internal_server_error": "unreachable",
}
#: A code is shown only where it looks like one: other words may be quoted from a text.
CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
#: The state of a question of which no file has a line.
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class ReadLine:
    """What a line says of a question: a completion, or why there is none.

    has_unknown_form: whether it may be the form of the answer that the server does not know.
    """

    key: str
    completion: Completion | None = None
    problem: str = ""
    has_unknown_form: bool = False


def written_line(key: str, path: str, body: Mapping[str, Any]) -> bytes:
    """A question as a line of the file that is uploaded."""
    line = {"custom_id": key, "method": "POST", "url": path, "body": body}
    try:
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half of a character
        return json.dumps(line).encode() + b"\n"


def read_line(line: bytes, *, model: str) -> ReadLine | None:
    """What a line of an output or error file says; None where it is none."""
    try:
        found = json.loads(line)
        key = found["custom_id"]
        response = found.get("response")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(key, str):
        return None
    if not isinstance(response, dict):
        return ReadLine(key, problem=_problem_of(found.get("error")))
    status, body = response.get("status_code"), response.get("body")
    status = int(status) if isinstance(status, str) and status.isascii() and status.isdigit() else status
    if status == 200:
        try:
            return ReadLine(key, completion_of(body))
        except LanguageModelError as error:
            return ReadLine(key, problem=error.kind)
    if type(status) is not int or not 400 <= status < 600:
        return ReadLine(key, problem=_problem_of(found.get("error")))
    content = json.dumps(body).encode()
    if is_filtered(status, content):
        return ReadLine(key, Completion("", Finish.REFUSED, model))
    refusal = error_of(status, content, {}, model=model, key_env="")
    return ReadLine(key, problem=refusal.kind, has_unknown_form=status in UNKNOWN_FORM)


def code_of(error: object) -> str:
    """The code of an error, empty where it has none that looks like one."""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and CODE.fullmatch(code) else ""


async def lines_of(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a file as it comes, without empty ones. Raises LanguageModelError for one that is too long."""
    rest = bytearray()
    async for part in parts:
        rest += part
        if b"\n" in part:
            *lines, rest = rest.split(b"\n")
            for line in lines:
                if line.strip():
                    yield bytes(line)
        if len(rest) > MOST:
            raise LanguageModelError("unparsable", f"expected lines of at most {MOST:,} bytes, got a longer one")
    if rest.strip():
        yield bytes(rest)


def _problem_of(error: object) -> str:
    return CODES.get(code_of(error).lower(), "rejected")

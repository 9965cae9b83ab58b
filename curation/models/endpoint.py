"""The client of a language model at an address with OpenAI's chat completions.

Nothing is sent before an address is configured. What comes back is judged here as far as the protocol goes:
refused, truncated and empty answers are errors, never empty results. The content of an answer is read by
the callers.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import JsonValue

from curation.address import remote_host
from curation.egress.gate import Gate, way_out
from curation.egress.outgoing import Outgoing
from curation.egress.settings import Destination
from curation.errors import ConfigError, LanguageModelError, MissingExtraError, UsageError
from curation.record import Record
from curation.settings import EndpointSettings

#: The key for the server, which never stands in the config.
KEY = "CLINCURATE_LLM_KEY"
#: The host that the key belongs to, with a port if need be; without it, every host that the user allows.
KEY_HOST = "CLINCURATE_LLM_KEY_HOST"

#: Statuses after which the same request may succeed.
AGAIN = (408, 425, 429)

#: Statuses that every further request would meet too.
DENIED = (401, 402, 403, 404)

#: Statuses by which servers say that they do not know a form of answer.
UNKNOWN_FORM = (400, 415, 422, 501)

#: The forms of answer to try, by the setting.
FORMS = {"auto": ("schema", "json", "off"), "schema": ("schema",), "json": ("json",), "off": ("off",)}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said: whole, by the protocol; the form of answer that was asked for, and what it cost."""

    text: str
    model: str
    form: str
    tokens_in: int | None = None
    tokens_out: int | None = None


class LanguageModel:
    """One model on one server; may be called from several threads.

    Raises EgressBlockedError when the server is not on this machine and the gate lets nothing go there, or there is
    no gate.
    """

    def __init__(self, settings: EndpointSettings, gate: Gate | None) -> None:
        if settings.url is None or settings.model is None:
            missing = "its address (url)" if settings.url is None else "its name (model)"
            raise UsageError(
                f"expected a language model with {missing}, got none; nothing is sent anywhere unless the "
                "section [annotation.llm] of curate.toml names a server such as http://127.0.0.1:8000/v1"
            )
        try:
            import httpx
        except ImportError as error:
            raise MissingExtraError("httpx", "llm") from error
        self.model = settings.model
        #: The host of the server, if it is not this machine.
        self.remote = remote_host(settings.url)
        self._passage = way_out(gate, Destination.MODEL, self.remote)
        self._settings = settings
        self._forms = FORMS[settings.structured]
        self._form = 0
        self._pace = _Pace()
        self._http = httpx.Client(
            headers=_key(settings.url),
            timeout=settings.timeout,
            # What stays on this machine goes through no proxy of the environment.
            trust_env=self.remote is not None,
            # Another host that a server points to was not chosen by the user.
            follow_redirects=False,
            limits=httpx.Limits(max_connections=settings.concurrency),
        )
        self._failure = httpx.HTTPError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def __call__(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, JsonValue] | None = None,
        about: Sequence[Record] = (),
    ) -> Reply:
        """The model's answer to a conversation about records, in the schema where the server can hold it to one.

        Raises LanguageModelError when there is no whole answer, EgressBlockedError when the messages may not leave
        this machine.
        """
        if self._passage is not None:
            self._passage.check([Outgoing(tuple(message.content for message in messages), tuple(about))])
        forms = self._forms if schema is not None else ("off",)
        for number in range(self._form if schema is not None else 0, len(forms)):
            answer = self._answer(self._request(messages, forms[number], schema))
            if answer.status_code in UNKNOWN_FORM and number + 1 < len(forms):
                continue
            _judge(answer.status_code, self.model)
            # Remembered, so that a server which knows no schema is not asked for one each time.
            self._form = max(self._form, number) if schema is not None else self._form
            return _reply(answer, forms[number])
        raise AssertionError("unreachable: the last form is judged")

    def _request(self, messages: Sequence[Message], form: str, schema: object) -> dict[str, Any]:
        body: dict[str, Any] = {
            **self._settings.parameters,
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
        }
        if form == "schema":
            described = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        elif form == "json":
            body["response_format"] = {"type": "json_object"}
        return body

    def _answer(self, body: Mapping[str, Any]) -> Any:
        """The HTTP answer; sent again, after a wait, as long as none comes that would stay the same."""
        problem = ""
        for attempt in range(self._settings.attempts):
            self._pace.wait()
            wished: float | None = None
            try:
                answer = self._http.post(f"{self._settings.url}/chat/completions", json=body)
            except self._failure as error:
                # The error's own text may hold the address with what else stands in it.
                problem = type(error).__name__
            else:
                if not _may_pass(answer.status_code):
                    return answer
                problem = f"HTTP {answer.status_code}"
                wished = _retry_after(answer.headers.get("retry-after"))
                if answer.status_code == 429:
                    self._pace.hold(self._wait(attempt, wished))
                    continue
            time.sleep(self._wait(attempt, wished) if attempt + 1 < self._settings.attempts else 0)
        raise LanguageModelError(
            "unreachable", f"expected an answer in {self._settings.attempts} attempts, the last ended in {problem}"
        )

    def _wait(self, attempt: int, wished: float | None) -> float:
        own = self._settings.backoff * 2.0**attempt * random.uniform(0.5, 1.0)
        return min(max(own, wished or 0.0), self._settings.longest_wait)


class _Pace:
    """A server that says "too many" is left alone by all threads for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def hold(self, seconds: float) -> None:
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        time.sleep(max(0.0, self._until - time.monotonic()))


def _may_pass(status: int) -> bool:
    """Whether the same request may succeed a little later."""
    return status in AGAIN or (status >= 500 and status not in UNKNOWN_FORM)


def _key(url: str) -> dict[str, str]:
    """The key as a header. Raises ConfigError when it belongs to another host than the one of the address."""
    key, bound = os.environ.get(KEY, "").strip(), os.environ.get(KEY_HOST, "").strip().lower()
    parts = urlsplit(url)
    if key and bound and bound not in (parts.hostname, parts.netloc.lower()):
        raise ConfigError(
            f"expected {bound}, the host that {KEY} belongs to ({KEY_HOST}), got {parts.netloc}; the key was not sent"
        )
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"expected a key of printable ASCII characters in {KEY}, got others")
    return {"authorization": f"Bearer {key}"} if key else {}


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait by the header, which is a number or a date (RFC 9110, 10.2.3)."""
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value or "") - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _judge(status: int, model: str) -> None:
    """Raises LanguageModelError for a status that is no success; bodies may quote the record and stay out."""
    if status in DENIED:
        raise LanguageModelError(
            "denied", f"expected the server to serve {model}, got HTTP {status}; see the address, the model and {KEY}"
        )
    if status >= 500:
        raise LanguageModelError("unreachable", f"expected an answer, got HTTP {status}")
    if status != 200:
        raise LanguageModelError("rejected", f"expected the server to take the request, got HTTP {status}")


def _reply(answer: Any, form: str) -> Reply:
    try:
        body = answer.json()
        choice = body["choices"][0]
        message, ended = choice["message"], choice.get("finish_reason")
        text, refusal = message.get("content"), message.get("refusal")
        usage = body.get("usage") or {}
        counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise LanguageModelError("unparsable", "expected a chat completion, got something else") from None
    if refusal or ended == "content_filter":
        raise LanguageModelError("refused", "expected an answer, the model or its filter refused to give one")
    if ended == "length":
        raise LanguageModelError(
            "truncated", "expected a whole answer, got one cut off at the token limit; raise max_tokens in parameters"
        )
    if not isinstance(text, str) or not text.strip():
        raise LanguageModelError("empty", "expected an answer, got an empty one")
    tokens = [count if type(count) is int else None for count in counts]
    return Reply(text, str(body.get("model") or ""), form, *tokens)

"""A language model at one address or several, asked over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import JsonValue

from curation.address import remote_host
from curation.egress.gate import Gate, Passage, way_out
from curation.egress.outgoing import Outgoing
from curation.egress.settings import Destination
from curation.errors import LanguageModelError
from curation.models.contract import Answer, Finish, Request
from curation.models.endpoint.addresses import Address, Addresses
from curation.models.endpoint.batch_service import BatchService
from curation.models.endpoint.key import key_header
from curation.models.endpoint.reply import (
    UNKNOWN_FORM,
    Completion,
    error_of,
    is_filtered,
    read_completion,
    status_within,
)
from curation.models.endpoint.stream import read_stream
from curation.models.endpoint.transport import HttpAnswer, Transport
from curation.models.pace import Limits
from curation.models.prices import cost, prices_of
from curation.models.probe import PURPOSE, ProbeFinding, SchemaSupport
from curation.models.schema_keywords import form_of, refused_keywords, without_keywords
from curation.models.settings import EndpointModelSettings

#: The forms of answer to try, by the setting.
FORMS = {"auto": ("schema", "json", "off"), "schema": ("schema",), "json": ("json",), "off": ("off",)}


class EndpointModel:
    """One model on one server or several; for one event loop at a time.

    Raises EgressBlockedError when a server is not on this machine and the gate lets nothing go there, or there is no
    gate, and ConfigError where the key may not go there.
    """

    def __init__(self, name: str, settings: EndpointModelSettings, gate: Gate | None) -> None:
        self.name = name
        #: The model's name, as the server calls it.
        self.model = settings.model or name
        self.settings = settings
        remotes = {url: remote_host(url) for url in settings.urls}
        #: The hosts that texts are sent to, if they are not this machine.
        self.remote = ", ".join(dict.fromkeys(host for host in remotes.values() if host)) or None
        self._passages: dict[str | None, Passage | None] = {
            host: way_out(gate, Destination.MODEL, host) for host in remotes.values()
        }
        self.addresses = Addresses(
            [Address(url, key_header(url, settings.key_env), remotes[url]) for url in settings.urls]
        )
        self._forms = FORMS[settings.structured]
        self._prices = prices_of(settings.prices, self.model, settings.urls[0])
        self._transport = Transport(settings)

    @property
    def identity(self) -> Mapping[str, JsonValue]:
        """What its answers depend on besides a request."""
        return {
            "kind": "endpoint",
            "model": self.model,
            "parameters": self.settings.parameters,
            "structured": self.settings.structured,
            # Answers that are there already have none.
            **({"logprobs": True} if self.settings.logprobs else {}),
        }

    @property
    def context(self) -> int | None:
        """Tokens that a question and its answer may have together, where the settings say so."""
        return self.settings.context

    @property
    def at_once(self) -> int:
        """Requests that it takes at once, at most."""
        return self.settings.concurrency

    @property
    def limits(self) -> Limits:
        """How it is to be paced."""
        settings = self.settings
        return Limits(
            at_once=settings.concurrency,
            requests_per_minute=settings.requests_per_minute,
            tokens_per_minute=settings.tokens_per_minute,
            attempts=settings.attempts,
            backoff=settings.backoff,
            longest_wait=settings.longest_wait,
            total_timeout=settings.total_timeout,
        )

    @property
    def probe_key(self) -> str | None:
        """What is noted of its servers' schemas is noted under this; None where none is asked for."""
        return self.settings.probe_key(self.name)

    def learn(self, found: ProbeFinding) -> None:
        """Ask by words, or for any JSON, where a schema is of no use and the settings leave the choice."""
        no_use = found.support in (SchemaSupport.IGNORED, SchemaSupport.REFUSED) and len(self._forms) > 1
        for address in self.addresses.every:
            address.form = max(address.form, int(no_use))
            address.left_out |= found.left_out

    def price(self, tokens_in: int, tokens_out: int) -> float | None:
        """The money for so many tokens, sent and answered; None where it is not known."""
        return cost(self._prices, tokens_in, tokens_out)

    def in_batches(self, url: str | None = None) -> BatchService | None:
        """Its way by batches at one of its addresses, by default the first: a file lies on one server.

        None for an address that it does not have.
        """
        address = next((address for address in self.addresses.every if url in (None, address.url)), None)
        if address is None:
            return None
        return BatchService(self, address, self._passages[address.remote], self._transport)

    async def close(self) -> None:
        """Give the connections back."""
        await self._transport.close()

    async def attempt(self, request: Request) -> Answer:
        """The answer to one request, sent once; a server that refuses a form of answer is asked in a simpler one.

        Raises LanguageModelError where none comes, and EgressBlockedError where the messages may not leave here.
        """
        address, tries = self.addresses.take(time.monotonic())
        try:
            passage = self._passages[address.remote]
            if passage is not None:
                # Looking for identifiers takes long, and writing that down waits for the disk.
                await asyncio.to_thread(passage.check, [outgoing(request)])
            answer = await self._asked_with_logprobs(address, request)
        except LanguageModelError as error:
            raise self.addresses.failed(address, time.monotonic(), error, tries=tries) from error.__cause__
        except BaseException:
            self.addresses.called_off(address, tries=tries)
            raise
        self.addresses.went(address)
        return answer

    async def _asked_with_logprobs(self, address: Address, request: Request) -> Answer:
        """The answer with the probabilities of its tokens, where the settings ask for them and the server agrees."""
        # What a canary is answered with tells nothing of probabilities: some servers refuse both together only.
        if not self.settings.logprobs or address.logprobs is False or request.purpose == PURPOSE:
            return await self._asked(address, request)
        try:
            answer = await self._asked(address, self.with_logprobs(request))
            address.logprobs = True
        except LanguageModelError as error:
            if error.kind != "rejected" or address.logprobs:
                raise
            answer = await self._asked(address, request)
            address.logprobs = False
        return answer

    async def _asked(self, address: Address, request: Request) -> Answer:
        forms = self.forms_of(request)
        number, left_out = min(address.form, len(forms) - 1), address.left_out
        began = time.perf_counter()
        while True:
            form = forms[number]
            # A canary's answer is a few words, and its completion shows what kind of server gave it.
            stream = self.settings.stream and request.purpose != PURPOSE
            body = self.body(request, form, left_out=left_out, stream=stream)
            async with self._transport.post(address.url, body, address.headers) as answer:
                if answer.status == 200:
                    found = await self._read(answer)
                    if form == "schema":
                        address.left_out |= left_out | found.left_out
                        form = form_of(form, address.left_out)
                    # Remembered, so that a server which knows no schema is not asked for one each time.
                    address.form = max(address.form, number) if request.schema is not None else address.form
                    return self.answer(found, form, time.perf_counter() - began)
                content = await answer.read()
            if is_filtered(answer.status, content):
                refused = Completion("", Finish.REFUSED, self.model)
                return self.answer(refused, form, time.perf_counter() - began)
            unknown = answer.status in UNKNOWN_FORM
            if unknown and form == "schema" and (more := refused_keywords(content, request.schema, left_out)):
                left_out = left_out | more
            elif unknown and number + 1 < len(forms):
                number += 1
            else:
                raise self._error(answer.status, content, answer.headers)

    async def _read(self, answer: HttpAnswer) -> Completion:
        streams = answer.headers.get("content-type", "").startswith("text/event-stream")
        if streams:
            return await read_stream(answer.body)
        content = await answer.read()
        try:
            return read_completion(content)
        except LanguageModelError:
            if (status := status_within(content)) is None:
                raise
            raise self._error(status, content, answer.headers) from None

    def _error(self, status: int, content: bytes, headers: Mapping[str, str]) -> LanguageModelError:
        return error_of(status, content, headers, model=self.model, key_env=self.settings.key_env)

    def with_logprobs(self, request: Request) -> Request:
        """The request for an answer with the probabilities of its tokens."""
        return replace(request, sampling={**request.sampling, "logprobs": True})

    def forms_of(self, request: Request) -> tuple[str, ...]:
        """The forms in which the answer to a request may be asked for, the first that may be tried first."""
        return self._forms if request.schema is not None else ("off",)

    def body(
        self, request: Request, form: str, *, left_out: frozenset[str] = frozenset(), stream: bool = False
    ) -> dict[str, Any]:
        """What is sent for a request; left_out: keywords of schemas that the server does not take."""
        body: dict[str, Any] = {
            **self.settings.parameters,
            **request.sampling,
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        }
        if request.sample and isinstance(seed := body.get("seed"), int):
            body["seed"] = seed + request.sample
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if form == "schema":
            schema = without_keywords(request.schema, left_out) if left_out else request.schema
            described = {"name": "answer", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        elif form == "json":
            body["response_format"] = {"type": "json_object"}
        return body

    def answer(self, found: Completion, form: str, seconds: float, *, share: float = 1.0) -> Answer:
        """The answer that a completion is. share: of the prices, what it costs."""
        price = cost(self._prices, found.tokens_in, found.tokens_out)
        return Answer(
            text=found.text,
            finish=found.finish,
            model=found.model,
            form=form,
            tokens_in=found.tokens_in,
            tokens_out=found.tokens_out,
            cost=None if price is None else price * share,
            seconds=seconds,
            logprobs=found.logprobs,
        )


#: The languages that a question about no record is looked at in.
NO_RECORD = ("en", "de")


def outgoing(request: Request) -> Outgoing:
    """What leaves this machine with a request; a name that the model has made up itself is nothing that does."""
    texts = tuple(message.content for message in request.messages if not message.came)
    return Outgoing(texts, request.about, languages=NO_RECORD)

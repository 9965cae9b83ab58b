"""A language model at one address or several, asked over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from curation.address import remote_host
from curation.egress.gate import Gate, Passage, way_out
from curation.egress.outgoing import Outgoing
from curation.egress.settings import Destination
from curation.errors import LanguageModelError
from curation.models.contract import Answer, Finish, Request
from curation.models.endpoint.addresses import Address, Addresses
from curation.models.endpoint.key import key_header
from curation.models.endpoint.reply import UNKNOWN_FORM, Completion, error_of, is_filtered, read_completion
from curation.models.endpoint.stream import read_stream
from curation.models.endpoint.transport import HttpAnswer, Transport
from curation.models.pace import Limits
from curation.models.prices import cost, prices_of
from curation.models.probe import SchemaSupport
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
        return " ".join((*self.settings.urls, self.model)) if "schema" in self._forms else None

    def learn(self, support: SchemaSupport) -> None:
        """Ask by words, or for any JSON, where a schema is of no use and the settings leave the choice."""
        if support is not SchemaSupport.ENFORCED and len(self._forms) > 1:
            for address in self.addresses.every:
                address.form = max(address.form, 1)

    def price(self, tokens_in: int, tokens_out: int) -> float | None:
        """The money for so many tokens, sent and answered; None where it is not known."""
        return cost(self._prices, tokens_in, tokens_out)

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
                texts = tuple(message.content for message in request.messages)
                # Looking for identifiers takes long, and writing that down waits for the disk.
                await asyncio.to_thread(passage.check, [Outgoing(texts, request.about)])
            answer = await self._asked(address, request)
        except LanguageModelError as error:
            raise self.addresses.failed(address, time.monotonic(), error, tries=tries) from error.__cause__
        except BaseException:
            self.addresses.called_off(address, tries=tries)
            raise
        self.addresses.went(address)
        return answer

    async def _asked(self, address: Address, request: Request) -> Answer:
        forms = self._forms if request.schema is not None else ("off",)
        began = time.perf_counter()
        for number in range(min(address.form, len(forms) - 1), len(forms)):
            body = self._body(request, forms[number])
            async with self._transport.post(address.url, body, address.headers) as answer:
                if answer.status == 200:
                    found = await self._read(answer)
                    # Remembered, so that a server which knows no schema is not asked for one each time.
                    address.form = max(address.form, number) if request.schema is not None else address.form
                    return self._answer(found, forms[number], time.perf_counter() - began)
                content = await answer.read()
                if is_filtered(answer.status, content):
                    refused = Completion("", Finish.REFUSED, self.model)
                    return self._answer(refused, forms[number], time.perf_counter() - began)
                if answer.status not in UNKNOWN_FORM or number + 1 == len(forms):
                    raise error_of(
                        answer.status, content, answer.headers, model=self.model, key_env=self.settings.key_env
                    )
        raise AssertionError("unreachable: the last form is judged")

    async def _read(self, answer: HttpAnswer) -> Completion:
        streams = answer.headers.get("content-type", "").startswith("text/event-stream")
        return await read_stream(answer.body) if streams else read_completion(await answer.read())

    def _body(self, request: Request, form: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            **self.settings.parameters,
            **request.sampling,
            "model": self.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        }
        if request.sample and isinstance(seed := body.get("seed"), int):
            body["seed"] = seed + request.sample
        if self.settings.stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        if form == "schema":
            described = {"name": "answer", "strict": True, "schema": request.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        elif form == "json":
            body["response_format"] = {"type": "json_object"}
        return body

    def _answer(self, found: Completion, form: str, seconds: float) -> Answer:
        return Answer(
            text=found.text,
            finish=found.finish,
            model=found.model,
            form=form,
            tokens_in=found.tokens_in,
            tokens_out=found.tokens_out,
            cost=cost(self._prices, found.tokens_in, found.tokens_out),
            seconds=seconds,
            logprobs=found.logprobs,
        )

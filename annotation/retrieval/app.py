"""`POST /retrieve` over HTTP: a text or a record's id in, the examples of a frozen set out.

Without a password, only this machine is answered, and no web page in a browser on it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from annotation.label_studio.backend.basic_auth import BasicAuth
from annotation.label_studio.backend.bounded_bodies import BoundedBodies
from annotation.llm.examples import Example
from annotation.llm.reading import UNSTORABLE
from annotation.llm.retrieved import RetrievedExamples
from curation.address import is_this_machine
from curation.egress.gate import Passage
from curation.egress.outgoing import Outgoing
from curation.errors import CurateError, EgressBlockedError, EncoderError, UsageError
from curation.record import Record, record_id

#: Most bytes of a request.
LARGEST = 4_000_000
#: The status of an answer to a client that has gone.
GONE = 499


class RetrieveRequest(BaseModel):
    """What is asked: a text in a language, or a record of the store by its id; and how many examples at most."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)

    text: str | None = None
    language: str | None = None
    record: str | None = None
    number: int | None = Field(None, ge=1, le=50)


@dataclass(frozen=True, slots=True)
class RetrieveService:
    """Examples for requests.

    find: the record of an id, UsageError where there is none. recognise: the store's record of a text. present: those
    of some ids that are still in the store; what was deleted meanwhile is no example.
    """

    examples: RetrievedExamples
    language: str
    find: Callable[[str], Record]
    recognise: Callable[[Record], Record]
    present: Callable[[Sequence[str]], Collection[str]]
    passage: Passage | None = None

    def health(self) -> dict[str, JsonValue]:
        """That it runs, of which set, and how many examples there are in each language."""
        return {"status": "UP", "set": self.examples.name, "examples": dict(self.examples.languages)}

    def retrieve(self, request: RetrieveRequest) -> dict[str, JsonValue]:
        """The examples with their texts and entities, and how many may not leave this machine."""
        record = self._record(request)
        found = self.examples.for_record(record, number=request.number)
        there = self.present([example.record.id for example in found])
        alive = [example for example in found if example.record.id in there]
        shown = self._let_out(alive)
        return {
            "record": record.id,
            "language": record.language,
            **self.examples.provenance(shown),
            "held_back": len(alive) - len(shown),
            "examples": [_as_json(example) for example in shown],
        }

    def _record(self, request: RetrieveRequest) -> Record:
        if (request.text is None) == (request.record is None):
            raise UsageError("expected one of text and record")
        if any(UNSTORABLE.search(value) for value in (request.text, request.record, request.language) if value):
            raise UsageError("expected a text with words and without null bytes or halves of characters")
        if request.record is not None:
            return self.find(request.record)
        text, language = request.text or "", request.language or self.language
        if not text.strip():
            raise UsageError("expected a text with words and without null bytes or halves of characters")
        id = record_id(text, language=language)
        known = self.recognise(Record(id=id, group=id, source="asked", language=language, text=text))
        return known.model_copy(update={"language": language}) if request.language else known

    def _let_out(self, found: Sequence[Example]) -> list[Example]:
        """Those that may leave, where the client is on another machine."""
        if self.passage is None:
            return list(found)
        counts = self.passage.screen(Outgoing.of(example.record, example.layer) for example in found)
        return [example for example, count in zip(found, counts, strict=True) if not count]


def make_retrieve_app(service: RetrieveService, auth: BasicAuth | None) -> FastAPI:
    """The application that uvicorn serves; `auth` is what a client on another machine must send."""
    app = FastAPI(title="Clincurate", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(BoundedBodies, most=lambda scope: LARGEST)

    # The one that is added last is asked first: without the password no body is read.
    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if auth is not None and not auth.accepts(request.headers.get("authorization")):
            return _refused(401, "expected the login and password", {"WWW-Authenticate": "Basic"})
        if auth is None and not _from_here(request.headers):
            return _refused(403, "expected a request by a program on this machine")
        try:
            return await call_next(request)
        except RuntimeError:
            if await request.is_disconnected():
                return Response(status_code=GONE)  # whom nobody reads
            raise

    @app.get("/health")
    def health() -> dict[str, JsonValue]:
        return service.health()

    @app.post("/retrieve")
    async def retrieve(request: Request) -> JSONResponse:
        try:
            asked = RetrieveRequest.model_validate(json.loads(await request.body()))
        except ValidationError as error:
            where = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
            known = ", ".join(RetrieveRequest.model_fields)
            return _refused(400, f"expected an object with {known}: {where}")
        except (ValueError, RecursionError):
            return _refused(400, "expected a JSON object, got something else")
        return JSONResponse(await asyncio.to_thread(service.retrieve, asked))

    @app.exception_handler(CurateError)
    def failed(request: Request, error: CurateError) -> JSONResponse:
        return _refused(_status(error), str(error))

    return app


def _status(error: CurateError) -> int:
    if isinstance(error, EgressBlockedError):
        return 403
    return 502 if isinstance(error, EncoderError) else 400


def _from_here(headers: Mapping[str, str]) -> bool:
    """Whether no web page asks: browsers say which page does, and by what name they reached this machine."""
    addresses = [f"//{headers.get('host', '')}", *([headers["origin"]] if "origin" in headers else [])]
    return all(map(_is_here, addresses))


def _is_here(address: str) -> bool:
    try:
        host = urlsplit(address).hostname
    except ValueError:
        return False
    return host is not None and is_this_machine(host)


def _as_json(example: Example) -> dict[str, JsonValue]:
    entities: list[JsonValue] = [
        {
            "text": entity.text,
            "category": entity.category,
            "assertion": entity.assertion.value,
            "fragments": [[start, end] for start, end in entity.spans],
        }
        for entity in example.layer.entities
    ]
    return {
        "id": example.record.id,
        "score": example.score,
        "text": example.record.text,
        "entities": entities,
        "labels": dict(example.layer.labels),
    }


def _refused(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status, headers={"Connection": "close", **(headers or {})})

"""Label Studio's machine learning protocol over HTTP; the only module that knows FastAPI.

/health and /setup are asked before each prediction, /predict with a second's patience of the annotator's at
stake, /versions by the settings page, /webhook by the training button. All but /webhook want the password:
Label Studio announces events there without it, and these are taken for what they are, words of a stranger.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import JsonValue

from annotation.label_studio.backend.active_annotator import Current
from annotation.label_studio.backend.basic_auth import Door
from annotation.label_studio.backend.prediction_queue import Desk, Done
from annotation.label_studio.backend.protocol import (
    Asked,
    Json,
    UnknownRequestError,
    asked,
    known_values,
    nothing,
    predicted,
    shown,
    shows_original,
)
from annotation.label_studio.backend.selection import Selection, Span, labelled, replied, selection, suggested
from annotation.label_studio.backend.training import Trainer
from annotation.label_studio.editor.controls import MAIN, ORIGINAL
from annotation.label_studio.editor.variants.spans import marks
from annotation.label_studio.settings import BackendSettings
from curation.egress.gate import Passage
from curation.egress.outgoing import Outgoing
from curation.record import Entity, Layer, Record, record_id
from curation.scheme import Scheme

log = logging.getLogger(__name__)

START_TRAINING = "START_TRAINING"

#: No request that Label Studio makes is larger.
LARGEST = 64_000_000

#: Roads that need no password.
OPEN = ("/webhook",)


class Backend:
    """What each road of the protocol answers."""

    def __init__(
        self,
        current: Current,
        desk: Desk,
        trainer: Trainer,
        scheme: Scheme,
        settings: BackendSettings,
        *,
        language: str = "en",
        passage: Passage | None = None,
    ) -> None:
        self._current = current
        self._desk = desk
        self._trainer = trainer
        self._scheme = scheme
        self._settings = settings
        self._language = language
        self._passage = passage

    def health(self) -> dict[str, JsonValue]:
        """That it is up, who annotates, and how far a training is."""
        return {
            "status": "UP",
            "model_version": self._current().version,
            "waiting": self._desk.waiting,
            "calls": self._desk.calls,
            "annotated": self._desk.annotated,
            "training": self._trainer.status(),
        }

    def setup(self) -> dict[str, JsonValue]:
        """The version of whatever is predicted from now on; the token that comes with the request is not kept."""
        return {"model_version": self._current().version}

    def versions(self) -> dict[str, JsonValue]:
        """All versions, the one in use first."""
        return {"versions": list(self._current.versions), "training": self._trainer.status()}

    def train(self) -> dict[str, JsonValue]:
        """The training that runs now."""
        return self._trainer.start()

    async def predict(self, body: object, *, until: float) -> dict[str, list[Json | list[Json]]]:
        """A prediction for each task, as far as there is one in time."""
        request = await asyncio.to_thread(self._leaving, asked(body, language=self._language))
        if request.selected is not None:
            return {"results": [await self._selected(request, until)]}
        version, known = self._current().version, known_values(request.label_config, self._scheme)
        futures = [self._desk.ask(record) if record else None for record in request.records]
        originals = request.originals if shows_original(known) else (None,) * len(futures)
        beside = [self._desk.ask(original) if original else None for original in originals]
        await _ready([*futures, *beside], until)
        made: list[Json | list[Json]] = []
        for record, future, original, other in zip(request.records, futures, originals, beside, strict=True):
            if record is None:
                made.append(nothing(version))
                continue
            said, said_beside = _said(future), _said(other)
            if said is None or (original is not None and said_beside is None):
                # An empty list is no prediction at all: Label Studio keeps nothing and asks again next time.
                made.append([])
                continue
            pair = (original, said_beside[1]) if original and said_beside else None
            made.append(predicted(record, said[1], self._scheme, version=said[0], known=known, beside=pair))
        return {"results": made}

    def _leaving(self, request: Asked) -> Asked:
        """The request without the records about which nothing may be said to whoever asks from another machine."""
        if self._passage is None:
            return request
        return replace(
            request,
            records=_let_out(request.records, self._passage),
            originals=_let_out(request.originals, self._passage),
        )

    async def _selected(self, request: Asked, until: float) -> Json:
        """What is suggested for the mark that somebody has just made in the first task."""
        version, known = self._current().version, known_values(request.label_config, self._scheme)
        for side, records in ((MAIN, request.records), (ORIGINAL, request.originals)):
            record = next(iter(records), None)
            marked = selection(record, request.selected or (), side) if record else None
            entity = await self._suggested(record, marked, until) if record and marked else None
            if record and entity:
                layer = Layer(record_id=record.id, name="suggested", author=version, entities=(entity,))
                parts = shown(marks(record, layer, self._scheme, side), known)
                return {"result": parts, "score": entity.score or 0.0, "model_version": version}
        return nothing(version)

    async def _suggested(self, record: Record, marked: Selection, until: float) -> Entity | None:
        """What the annotator has at the selection, or what it makes of its wording."""
        whole = self._desk.ask(record, soon=True)
        await _ready([whole], until)
        said = _said(whole)
        found = suggested(said[1], marked.span, marked.label) if said else None
        found = found or await self._read_alone(record, marked.span, until)
        return replied(marked, found) if found else None

    async def _read_alone(self, record: Record, span: Span, until: float) -> Entity | None:
        """The selection labelled by what the annotator says about its wording alone."""
        text = record.text[span[0] : span[1]]
        alone = record.model_copy(update={"id": record_id(text, language=record.language), "text": text})
        future = self._desk.ask(alone, soon=True)
        await _ready([future], until)
        said = _said(future)
        return labelled(record, span, said[1]) if said else None


def _let_out(records: Sequence[Record | None], passage: Passage) -> tuple[Record | None, ...]:
    """The records, None for each that may not leave."""
    present = [record for record in records if record is not None]
    counts = passage.screen(Outgoing.of(record) for record in present)
    held = {record.id for record, count in zip(present, counts, strict=True) if count}
    return tuple(None if record is None or record.id in held else record for record in records)


async def _ready(futures: Iterable[Future[Done] | None], until: float) -> None:
    """All futures are done, or the time is over; nobody's work is broken off."""
    waiting = [asyncio.wrap_future(one) for one in futures if one is not None and not one.done()]
    if waiting:
        await asyncio.wait(waiting, timeout=max(0.0, until - time.monotonic()))


def _said(future: Future[Done] | None) -> tuple[str, Layer] | None:
    """The version and the layer, if they are there already."""
    done = future.result() if future is not None and future.done() else None
    return (done.version, done.layer) if done and done.layer else None


def make_app(backend: Backend, door: Door, settings: BackendSettings) -> FastAPI:
    """The application that uvicorn serves."""
    app = FastAPI(title="Clincurate", openapi_url=None, docs_url=None, redoc_url=None)

    @app.middleware("http")
    async def guard(request: Request, go_on: Callable[[Request], Awaitable[JSONResponse]]) -> JSONResponse:
        shows, opens = request.headers.get("authorization"), request.url.path in OPEN
        if not door.opens_for(shows) and not (opens and shows is None):
            return _refused(401, "expected the back end's login and password", {"WWW-Authenticate": "Basic"})
        size = request.headers.get("content-length", "0")
        if not size.isdigit() or int(size) > LARGEST:
            return _refused(413, f"expected at most {LARGEST:,} bytes")
        return await go_on(request)

    @app.get("/health")
    @app.get("/")
    def health() -> dict[str, JsonValue]:
        return backend.health()

    @app.post("/setup")
    def setup() -> dict[str, JsonValue]:
        return backend.setup()

    @app.get("/versions")
    def versions() -> dict[str, JsonValue]:
        return backend.versions()

    @app.post("/predict")
    async def predict(request: Request) -> JSONResponse:
        until = time.monotonic() + settings.deadline
        body = await _json(request)
        try:
            return JSONResponse(await backend.predict(body, until=until))
        except UnknownRequestError as error:
            return _refused(400, str(error))

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        body = await _json(request)
        if not isinstance(body, dict) or body.get("action") != START_TRAINING:
            return JSONResponse({"status": "not needed"})
        if not door.opens_for(request.headers.get("authorization")):
            return _refused(401, "expected the back end's login and password", {"WWW-Authenticate": "Basic"})
        return JSONResponse({"status": "training", "training": await asyncio.to_thread(backend.train)})

    return app


async def _json(request: Request) -> object:
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


def _refused(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status, headers=headers)

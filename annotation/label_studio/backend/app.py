"""Label Studio's machine learning protocol over HTTP; with `annotation.retrieval` the only module that imports FastAPI.

Label Studio calls /health and /setup before each prediction, /predict when a task is opened, /versions from the
settings page, /webhook from the training button. All but /webhook require the password: Label Studio sends events
to /webhook without it, and these are ignored.
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
from fastapi.responses import JSONResponse, Response
from pydantic import JsonValue
from starlette.datastructures import Headers
from starlette.types import Scope

from annotation.label_studio.backend.active_annotator import ActiveAnnotator
from annotation.label_studio.backend.basic_auth import BasicAuth
from annotation.label_studio.backend.bounded_bodies import BoundedBodies
from annotation.label_studio.backend.prediction_queue import Prediction, PredictionQueue
from annotation.label_studio.backend.protocol import (
    Json,
    PredictionRequest,
    UnknownRequestError,
    displayable,
    displayable_values,
    empty_prediction,
    parse_request,
    prediction_body,
    shows_original,
)
from annotation.label_studio.backend.selection import (
    Selection,
    Span,
    best_entity,
    editor_reply,
    labelled_selection,
    selection,
)
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

#: Most bytes of a request; Label Studio's are smaller.
LARGEST = 64_000_000

#: What comes with a 401; a body that was not read ends the connection.
NO_PASSWORD = {"WWW-Authenticate": "Basic", "Connection": "close"}

#: Paths that need no password.
OPEN = ("/webhook",)

#: Most bytes of a request to these, and with the password, which the training button sends: the label config is in it.
LARGEST_EVENT, LARGEST_TRAINING = 65_536, 524_288


class Backend:
    """The answer to each path of the protocol."""

    def __init__(
        self,
        current: ActiveAnnotator,
        queue: PredictionQueue,
        trainer: Trainer,
        scheme: Scheme,
        settings: BackendSettings,
        *,
        language: str = "en",
        passage: Passage | None = None,
    ) -> None:
        self._current = current
        self._queue = queue
        self._trainer = trainer
        self._scheme = scheme
        self._settings = settings
        self._language = language
        self._passage = passage

    def health(self) -> dict[str, JsonValue]:
        """That the back end runs, its model version, its counts, and the state of the training."""
        return {
            "status": "UP",
            "model_version": self._current().version,
            "waiting": self._queue.waiting,
            "calls": self._queue.calls,
            "annotated": self._queue.annotated,
            "training": self._trainer.status(),
        }

    def setup(self) -> dict[str, JsonValue]:
        """The current model version; the token that comes with the request is not stored."""
        return {"model_version": self._current().version}

    def versions(self) -> dict[str, JsonValue]:
        """All model versions, the one in use first."""
        return {"versions": list(self._current.versions), "training": self._trainer.status()}

    def train(self) -> dict[str, JsonValue]:
        """The state of the training, which is started unless it runs."""
        return self._trainer.start()

    async def predict(self, body: object, *, until: float) -> dict[str, list[Json | list[Json]]]:
        """A prediction for each task, where it is ready in time."""
        request = await asyncio.to_thread(self._leaving, parse_request(body, language=self._language))
        if request.selected is not None:
            return {"results": [await self._selected(request, until)]}
        version, values = self._current().version, displayable_values(request.label_config, self._scheme)
        futures = [self._queue.submit(record) if record else None for record in request.records]
        originals = request.originals if shows_original(values) else (None,) * len(futures)
        beside = [self._queue.submit(original) if original else None for original in originals]
        await _wait([*futures, *beside], until)
        made: list[Json | list[Json]] = []
        for record, future, original, other in zip(request.records, futures, originals, beside, strict=True):
            if record is None:
                made.append(empty_prediction(version))
                continue
            found, found_beside = _finished(future), _finished(other)
            if found is None or (original is not None and found_beside is None):
                # An empty list is no prediction: Label Studio stores nothing and asks again next time.
                made.append([])
                continue
            pair = (original, found_beside[1]) if original and found_beside else None
            made.append(prediction_body(record, found[1], self._scheme, version=found[0], values=values, beside=pair))
        return {"results": made}

    def _leaving(self, request: PredictionRequest) -> PredictionRequest:
        """The request without the records that may not leave, where the client is on another machine."""
        if self._passage is None:
            return request
        return replace(
            request,
            records=_let_out(request.records, self._passage),
            originals=_let_out(request.originals, self._passage),
        )

    async def _selected(self, request: PredictionRequest, until: float) -> Json:
        """The suggestion for the region that an annotator has just marked in the first task."""
        version, values = self._current().version, displayable_values(request.label_config, self._scheme)
        for side, records in ((MAIN, request.records), (ORIGINAL, request.originals)):
            record = next(iter(records), None)
            marked = selection(record, request.selected or (), side) if record else None
            entity = await self._suggested(record, marked, until) if record and marked else None
            if record and entity:
                layer = Layer(record_id=record.id, name="suggested", author=version, entities=(entity,))
                parts = displayable(marks(record, layer, self._scheme, side), values)
                return {"result": parts, "score": entity.score or 0.0, "model_version": version}
        return empty_prediction(version)

    async def _suggested(self, record: Record, marked: Selection, until: float) -> Entity | None:
        """The annotator's entity at the selection, or what it makes of the selected wording alone."""
        whole = self._queue.submit(record, urgent=True)
        await _wait([whole], until)
        ready = _finished(whole)
        found = best_entity(ready[1], marked.span, marked.label) if ready else None
        found = found or await self._read_alone(record, marked.span, until)
        return editor_reply(marked, found) if found else None

    async def _read_alone(self, record: Record, span: Span, until: float) -> Entity | None:
        """The selection with the label that the annotator gives its wording alone."""
        text = record.text[span[0] : span[1]]
        alone = record.model_copy(update={"id": record_id(text, language=record.language), "text": text})
        future = self._queue.submit(alone, urgent=True)
        await _wait([future], until)
        found = _finished(future)
        return labelled_selection(record, span, found[1]) if found else None


def _let_out(records: Sequence[Record | None], passage: Passage) -> tuple[Record | None, ...]:
    """The records, None for each that may not leave."""
    present = [record for record in records if record is not None]
    counts = passage.screen(Outgoing.of(record) for record in present)
    held = {record.id for record, count in zip(present, counts, strict=True) if count}
    return tuple(None if record is None or record.id in held else record for record in records)


async def _wait(futures: Iterable[Future[Prediction] | None], until: float) -> None:
    """Wait until all futures are done or the time is over; running work is not cancelled."""
    waiting = [asyncio.wrap_future(future) for future in futures if future is not None and not future.done()]
    if waiting:
        await asyncio.wait(waiting, timeout=max(0.0, until - time.monotonic()))


def _finished(future: Future[Prediction] | None) -> tuple[str, Layer] | None:
    """The model version and the layer, if the prediction is ready and has one."""
    done = future.result() if future is not None and future.done() else None
    return (done.version, done.layer) if done and done.layer else None


def make_app(backend: Backend, auth: BasicAuth, settings: BackendSettings) -> FastAPI:
    """The application that uvicorn serves."""
    app = FastAPI(title="Clincurate", openapi_url=None, docs_url=None, redoc_url=None)

    def most(scope: Scope) -> int:
        header = Headers(scope=scope).get("authorization")
        if scope["path"] not in OPEN:
            return LARGEST
        return LARGEST_TRAINING if auth.accepts(header) else LARGEST_EVENT

    # The one that is added last is asked first: without the password no body is read.
    app.add_middleware(BoundedBodies, most=most)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        header, is_open = request.headers.get("authorization"), request.url.path in OPEN
        if not auth.accepts(header) and not (is_open and header is None):
            return _refused(401, "expected the back end's login and password", NO_PASSWORD)
        return await call_next(request)

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
        return JSONResponse(await backend.predict(await _json(request), until=until))

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        body = await _json(request)
        if not isinstance(body, dict) or body.get("action") != START_TRAINING:
            return JSONResponse({"status": "not needed"})
        if not auth.accepts(request.headers.get("authorization")):
            return _refused(401, "expected the back end's login and password", NO_PASSWORD)
        return JSONResponse({"status": "training", "training": await asyncio.to_thread(backend.train)})

    @app.exception_handler(UnknownRequestError)
    def unknown(request: Request, error: UnknownRequestError) -> JSONResponse:
        return _refused(400, str(error))

    return app


async def _json(request: Request) -> object:
    """What the body holds. Raises UnknownRequestError where it is no JSON, or nested too deeply to be read."""
    try:
        return json.loads(await request.body())
    except (ValueError, RecursionError):
        raise UnknownRequestError("expected JSON, got something else") from None


def _refused(status: int, why: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": why}, status_code=status, headers=headers)

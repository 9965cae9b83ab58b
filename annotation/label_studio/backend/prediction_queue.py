"""A queue of prediction requests: the annotator works in batches, and annotates the same text only once."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, PriorityQueue

from annotation.label_studio.settings import BackendSettings
from curation.errors import ContradictionError
from curation.record import Layer, Record, check_layer, digest
from curation.scheme import Scheme
from curation.stage import Item, Result, Stage

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedAnnotator:
    """An annotator that is loaded, with the model version of its predictions and its fingerprint."""

    stage: Stage
    version: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """The result for one record: a layer, or None where the annotator failed; no exception is passed on."""

    version: str
    layer: Layer | None


#: The order of jobs: selections before pre-annotations, then by arrival.
Priority = tuple[int, int]
URGENT, NORMAL = 0, 1


@dataclass(order=True, slots=True)
class _Job:
    priority: Priority
    record: Record | None = field(compare=False)
    ready: LoadedAnnotator | None = field(compare=False)
    future: Future[Prediction] = field(compare=False, default_factory=Future)


class PredictionQueue:
    """Takes records and returns futures of predictions, which are cached."""

    def __init__(
        self, ready: Callable[[], LoadedAnnotator], scheme: Scheme, settings: BackendSettings, *, workers: int = 1
    ) -> None:
        self._ready = ready
        self._scheme = scheme
        self._settings = settings
        self._jobs: PriorityQueue[_Job] = PriorityQueue()
        self._numbers = itertools.count()
        self._cache: OrderedDict[str, Future[Prediction]] = OrderedDict()
        self._lock = threading.Lock()
        #: Calls of the annotator, and records in them.
        self.calls = self.annotated = 0
        self._workers = [
            threading.Thread(target=self._work, name=f"annotator-{number}", daemon=True) for number in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    def submit(self, record: Record, *, urgent: bool = False) -> Future[Prediction]:
        """The future prediction of the current annotator; the same future for the same text."""
        ready = self._ready()
        key = digest([ready.version, ready.fingerprint, record.id], length=32)
        with self._lock:
            if (cached := self._cache.get(key)) and not (cached.done() and cached.result().layer is None):
                self._cache.move_to_end(key)
                return cached
            job = _Job((URGENT if urgent else NORMAL, next(self._numbers)), record, ready)
            self._cache[key] = job.future
            while len(self._cache) > self._settings.cache:
                self._cache.popitem(last=False)
        self._jobs.put(job)
        return job.future

    @property
    def waiting(self) -> int:
        """The number of records that wait."""
        return self._jobs.qsize()

    def close(self) -> None:
        """End the workers; jobs that have begun are finished first."""
        for _ in self._workers:
            self._jobs.put(_Job((URGENT, -1), None, None))
        for worker in self._workers:
            worker.join()

    def _work(self) -> None:
        while batch := self._batch():
            by_ready: dict[str, list[_Job]] = {}
            for job in batch:
                assert job.ready is not None
                by_ready.setdefault(job.ready.fingerprint, []).append(job)
            for jobs in by_ready.values():
                self._annotate(jobs)

    def _batch(self) -> list[_Job]:
        """The next jobs: the first, and those that arrive within `gather` seconds; none when the queue is closed."""
        batch = [self._jobs.get()]
        until = time.monotonic() + self._settings.gather
        while batch[-1].record is not None and len(batch) < self._settings.batch_size:
            try:
                batch.append(self._jobs.get(timeout=max(0.0, until - time.monotonic())))
            except Empty:
                break
        if batch[-1].record is None and len(batch) > 1:
            self._jobs.put(batch.pop())
        return batch if batch[-1].record is not None else []

    def _annotate(self, jobs: Sequence[_Job]) -> None:
        ready = jobs[0].ready
        assert ready is not None
        records = {job.record.id: job.record for job in jobs if job.record is not None}
        results = self._results(ready.stage, list(records.values()))
        for job in jobs:
            assert job.record is not None
            layer = self._checked(job.record, results.get(job.record.id))
            job.future.set_result(Prediction(ready.version, layer))

    def _results(self, stage: Stage, records: Sequence[Record]) -> dict[str, Result]:
        """The annotator's results by record; where a batch fails, each record is tried alone."""
        self.calls += 1
        self.annotated += len(records)
        try:
            return {result.record_id: result for result in stage([Item(record) for record in records])}
        except Exception as error:
            if len(records) == 1:
                # The error's text may quote the record.
                log.warning("record %s could not be annotated: %s", records[0].id, type(error).__name__)
                return {}
            return {id: result for record in records for id, result in self._results(stage, [record]).items()}

    def _checked(self, record: Record, result: Result | None) -> Layer | None:
        if result is None or not result.layers:
            if result is not None:
                log.warning("record %s could not be annotated: %s", record.id, result.error)
            return None
        try:
            return check_layer(record, result.layers[0], categories=self._scheme.by_name)
        except ContradictionError as error:
            log.warning("%s", error)
            return None

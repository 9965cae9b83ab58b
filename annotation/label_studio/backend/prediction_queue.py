"""The desk where an annotator works for all who ask: one at a time, in batches, and nothing twice."""

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
class Ready:
    """An annotator that has loaded what it needs, the version that its predictions carry, and its fingerprint."""

    stage: Stage
    version: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a record: a layer, or no layer; never an exception, so that nobody has to catch one."""

    version: str
    layer: Layer | None


#: A place in the queue: selections before pre-annotations, then first come, first served.
Place = tuple[int, int]
SOON, LATER = 0, 1


@dataclass(order=True, slots=True)
class _Job:
    place: Place
    record: Record | None = field(compare=False)
    ready: Ready | None = field(compare=False)
    future: Future[Done] = field(compare=False, default_factory=Future)


class Desk:
    """Records in, futures of layers out; what is done is kept for whoever asks next."""

    def __init__(
        self, ready: Callable[[], Ready], scheme: Scheme, settings: BackendSettings, *, workers: int = 1
    ) -> None:
        self._ready = ready
        self._scheme = scheme
        self._settings = settings
        self._jobs: PriorityQueue[_Job] = PriorityQueue()
        self._numbers = itertools.count()
        self._kept: OrderedDict[str, Future[Done]] = OrderedDict()
        self._lock = threading.Lock()
        #: Calls of the annotator, and records in them.
        self.calls = self.annotated = 0
        self._workers = [
            threading.Thread(target=self._work, name=f"annotator-{number}", daemon=True) for number in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    def ask(self, record: Record, *, soon: bool = False) -> Future[Done]:
        """What the annotator of this moment says, when it has said it; the same for the same text."""
        ready = self._ready()
        key = digest([ready.version, ready.fingerprint, record.id], length=32)
        with self._lock:
            if (known := self._kept.get(key)) and not (known.done() and known.result().layer is None):
                self._kept.move_to_end(key)
                return known
            job = _Job((SOON if soon else LATER, next(self._numbers)), record, ready)
            self._kept[key] = job.future
            while len(self._kept) > self._settings.cache:
                self._kept.popitem(last=False)
        self._jobs.put(job)
        return job.future

    @property
    def waiting(self) -> int:
        """Records that nobody has begun."""
        return self._jobs.qsize()

    def close(self) -> None:
        """Nobody works here any more; what was begun is finished."""
        for _ in self._workers:
            self._jobs.put(_Job((SOON, -1), None, None))
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
        """The next jobs, those that come within moments of the first together; none at the end of work."""
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
        said = self._said(ready.stage, list(records.values()))
        for job in jobs:
            assert job.record is not None
            layer = self._checked(job.record, said.get(job.record.id))
            job.future.set_result(Done(ready.version, layer))

    def _said(self, stage: Stage, records: Sequence[Record]) -> dict[str, Result]:
        """The annotator's results; where a batch fails, each record alone, so that one spoils nothing for others."""
        self.calls += 1
        self.annotated += len(records)
        try:
            return {result.record_id: result for result in stage([Item(record) for record in records])}
        except Exception as error:
            if len(records) == 1:
                # The error's text may quote the record.
                log.warning("record %s could not be annotated: %s", records[0].id, type(error).__name__)
                return {}
            return {id: result for record in records for id, result in self._said(stage, [record]).items()}

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

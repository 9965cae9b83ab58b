"""The runner: a stage over every record that lacks its result, resumable after a kill at any moment.

The store lists what is left, and stores the results of a batch and that they are done in one
transaction. A process that is killed loses only the batches in work; the next run does exactly those
again.
"""

from __future__ import annotations

import os
import traceback
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue
from sqlalchemy.exc import SQLAlchemyError

from curation.batches import batched
from curation.errors import ConfigError, CurateError, EnvironmentFailureError, may_pass
from curation.processes import IN_FLIGHT, Processes, outcome_of
from curation.stage import SCORED_FROM, Item, Result, Stage, StageIdentity, StoredItem, written
from curation.store import Store
from curation.store.jobs import DONE, FAILED, LayerRows
from pipeline.progress import Advance, ProgressBar, no_progress, silent

if TYPE_CHECKING:
    from pipeline.workspace import Workspace


Loaded = TypeVar("Loaded")

#: So many batches on end may fail by no fault of their records before a stage stops.
HOPELESS = 3


@dataclass(frozen=True, slots=True)
class StageReport:
    """How a stage went: records done and failed, the seconds it took, and what it mended or left out."""

    stage: str
    done: int
    failed: int
    seconds: float
    notes: Mapping[str, int] = field(default_factory=dict)
    unchanged: int = 0  # records that had been done before
    failed_before: int = 0  # records that failed before, and were not tried again
    may_pass: int = 0  # of those that failed, records that have no part in it: the next run tries them by itself
    spending: Mapping[str, JsonValue] | None = None  # of a stage that asks language models: see RunSpending
    stopped: str | None = None  # the cap by which it stopped before all was done
    elsewhere: int = 0  # records that other processes have in work
    schemas: Mapping[str, str] = field(default_factory=dict)  # what servers of models make of schemas, where asked
    batches: Mapping[str, JsonValue] | None = None  # of a stage that asks in batches
    kinds: Mapping[str, int] = field(default_factory=dict)  # those that failed in this run, by what --retry takes

    @property
    def rate(self) -> float:
        """Records a second."""
        return (self.done + self.failed) / self.seconds if self.seconds else 0.0

    @property
    def mended(self) -> dict[str, JsonValue]:
        """What was mended, read otherwise or left out, in counts."""
        return {name: count for name, count in self.notes.items() if not name.startswith(SCORED_FROM)}

    @property
    def scores(self) -> dict[str, JsonValue]:
        """How many entities have a score, by what it was made from."""
        return {
            name.removeprefix(SCORED_FROM): count for name, count in self.notes.items() if name.startswith(SCORED_FROM)
        }

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts and manifests rely on."""
        counted: dict[str, JsonValue] = {
            "stage": self.stage,
            "done": self.done,
            "failed": self.failed,
            "unchanged": self.unchanged,
            "failed_before": self.failed_before,
            "may_pass": self.may_pass,
            "seconds": round(self.seconds, 3),
            "notes": self.mended,
        }
        return counted if self.spending is None else counted | self._asked()

    def _asked(self) -> dict[str, JsonValue]:
        asked: dict[str, JsonValue] = {
            "spending": dict(self.spending or {}),
            "stopped": self.stopped,
            "elsewhere": self.elsewhere,
            "failed_by_kind": dict(self.kinds),
            "schemas": dict(self.schemas),
            "scores": self.scores,
        }
        return asked if self.batches is None else asked | {"batches": dict(self.batches)}


def run_stage(
    store: Store,
    stage: Stage,
    *,
    batch_size: int = 32,
    workers: int = 1,
    retry_failed: bool = False,
    advance: Advance = silent,
    processes: Processes | None = None,
) -> StageReport:
    """Do what is left of a stage, at most `2 * workers` batches in flight: in threads, or in processes where given.

    Raises EnvironmentFailureError after HOPELESS batches on end of which all failed by no fault of the records.
    """
    started = perf_counter()
    done = failed = passing = in_vain = 0
    notes: Counter[str] = Counter()
    with _submitting(stage, workers, processes) as submit:
        for stored in _work(
            store,
            stage,
            submit,
            batch_size=batch_size,
            in_flight=IN_FLIGHT * (processes.workers if processes else workers),
            retry_failed=retry_failed,
        ):
            done += stored.done
            failed += stored.failed
            notes.update(stored.notes)
            passing += stored.may_pass
            advance(stored.done + stored.failed, stored.failed)
            in_vain = in_vain + 1 if stored.is_in_vain else 0
            if in_vain == HOPELESS:
                raise EnvironmentFailureError(
                    f"{stage.name} stopped after {failed} failures by no fault of the records, the last: "
                    f"{stored.error}; {done} records were done and are kept, the same command goes on from there"
                )
    seconds = perf_counter() - started
    jobs = store.count_own(stage)
    before = {state: max(0, jobs.get(state, 0) - now) for state, now in ((DONE, done), (FAILED, failed))}
    return StageReport(
        stage.name, done, failed, seconds, dict(sorted(notes.items())), before[DONE], before[FAILED], passing
    )


def run_over(
    workspace: Workspace,
    store: Store,
    stage: Stage,
    *,
    at_once: int = 1,
    retry_failed: bool = False,
    progress: ProgressBar = no_progress,
    processes: Processes | None = None,
) -> StageReport:
    """A stage over all records of a workspace that lack its result, in batches of the workspace's size.

    at_once: the smallest batch that the stage takes, even where the settings have a smaller one. processes: those that
    do the work where it is enough for several, and the stage can be sent to them.
    """
    settings = workspace.config.curation
    store.require_writable()
    # The fingerprint is made from what is loaded, which may not fit.
    pending = _loading(stage, partial(store.count_pending, stage, retry_failed=retry_failed))
    apart = processes if processes and can_go_apart(stage) and processes.worthwhile(pending) else None
    if apart:
        _load_apart(stage, apart, list(store.count_records()))
    else:
        load(store, stage, retry_failed=retry_failed)
    with progress(stage.name, pending) as advance:
        try:
            return run_stage(
                store,
                stage,
                batch_size=settings.batch_size if apart else max(settings.batch_size, at_once),
                # In threads Python works on one batch at a time: more are of use to what waits for a model only.
                workers=1 if can_go_apart(stage) else settings.workers or 1,
                retry_failed=retry_failed,
                advance=advance,
                processes=apart,
            )
        except KeyboardInterrupt:
            done = store.count_own(stage).get("done", 0)
            left = store.count_pending(stage, retry_failed=retry_failed)
            workspace.notify(f"{stage.name}: {done} records are done and kept, {left} are left")
            raise


def load(store: Store, stage: StageIdentity, *, retry_failed: bool = False, kinds: Collection[str] = ()) -> None:
    """Have a stage load what it works with, where it has work left: what does not fit stops it before the first record.

    A stage says by a method `load` what it loads for the languages of the records. Raises CurateError.
    """
    store.require_writable()
    if _loading(stage, partial(store.count_pending, stage, retry_failed=retry_failed, kinds=kinds)):
        _loading(stage, partial(_loads(stage), list(store.count_records())))


def _loads(stage: StageIdentity) -> Callable[[Sequence[str]], None]:
    loads: Callable[[Sequence[str]], None] = getattr(stage, "load", lambda languages: None)
    return loads


def _loading(stage: StageIdentity, loads: Callable[[], Loaded]) -> Loaded:
    """What comes of loading. Raises ConfigError where it fails by other errors than our own and the store's."""
    try:
        return loads()
    except (CurateError, SQLAlchemyError):
        raise
    except Exception as error:
        raise ConfigError(
            f"{stage.name}: expected what it works with to load, got {describe(error)}; no record was tried, mend it "
            "and give the same command again"
        ) from error


@dataclass(frozen=True, slots=True)
class _Apart:
    """A stage in another process, which keeps what it has loaded: a batch in, its results out."""

    stage: Stage

    def __call__(self, work: Sequence[StoredItem] | _Languages) -> list[Result]:
        if not isinstance(work, _Languages):
            return attempt_stored(self.stage, work)
        _loading(self.stage, partial(_loads(self.stage), work.languages))
        return []


@dataclass(frozen=True, slots=True)
class _Languages:
    """Sent before any batch: what to load for."""

    languages: Sequence[str]


def _load_apart(stage: Stage, processes: Processes, languages: Sequence[str]) -> None:
    """`load` where the work will be done, in all processes at once: this one has no use for it."""
    send = processes.sender(_Apart(stage))
    for begun in [send(_Languages(languages)) for _ in range(processes.workers)]:
        outcome_of(begun)


@dataclass(frozen=True, slots=True)
class _Stored:
    done: int
    failed: int
    may_pass: int
    error: str | None  # the last
    notes: Counter[str]

    @property
    def is_in_vain(self) -> bool:
        """Whether all of the batch failed by no fault of the records."""
        return not self.done and self.may_pass == self.failed


#: Sends a batch of items to a stage.
_Submit = Callable[[Sequence[StoredItem]], "Future[list[Result]]"]


def can_go_apart(stage: Stage) -> bool:
    """Whether a stage says that it may run in processes of their own."""
    return bool(getattr(stage, "can_go_apart", False))


@contextmanager
def _submitting(stage: Stage, workers: int, processes: Processes | None) -> Iterator[_Submit]:
    """Where batches are sent; at the end of threads what has not begun is dropped, and what runs is awaited."""
    if processes is not None:
        yield processes.sender(_Apart(stage))
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix=stage.name)
    try:
        yield lambda batch: pool.submit(attempt_stored, stage, batch)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _work(
    store: Store, stage: Stage, submit: _Submit, *, batch_size: int, in_flight: int, retry_failed: bool
) -> Iterator[_Stored]:
    flight: deque[tuple[LayerRows, Future[list[Result]]]] = deque()
    for page in store.pending(stage, retry_failed=retry_failed):
        for batch in batched(page.items, batch_size):
            flight.append((page.seen, submit(batch)))
            if len(flight) >= in_flight:
                yield _store(store, stage, flight.popleft())
    while flight:
        yield _store(store, stage, flight.popleft())


def _store(store: Store, stage: Stage, flown: tuple[LayerRows, Future[list[Result]]]) -> _Stored:
    seen, future = flown
    results = outcome_of(future)
    failed = store.commit(stage, results, seen=seen).failed
    notes = Counter[str]()
    for result in results:
        notes.update(result.notes)
    passing = [result.error for result in results if result.may_pass]
    return _Stored(len(results) - failed, failed, len(passing), passing[-1] if passing else None, notes)


def attempt_stored(stage: Stage, batch: Sequence[StoredItem]) -> list[Result]:
    """One result for each item, read and written where the stage is at work, and not by the process that stores.

    What cannot be read is no failure of its record.
    """
    records = {item.record.id: item.record for item in batch}
    results = attempt(stage, [item.read() for item in batch])
    return [written(result, records[result.record_id]) if result.layers else result for result in results]


def attempt(stage: Stage, batch: Sequence[Item]) -> list[Result]:
    """One result for each item; if the batch as a whole fails, each is tried alone."""
    try:
        return _complete(stage(batch), batch)
    except Exception as error:
        if len(batch) > 1:
            return [result for item in batch for result in attempt(stage, [item])]
        return [Result(batch[0].record.id, error=describe(error), may_pass=may_pass(error))]


def _complete(results: Sequence[Result], batch: Sequence[Item]) -> list[Result]:
    found = {result.record_id: result for result in results}
    lost = "the stage gave no result for this record"
    return [found.get(item.record.id, Result(item.record.id, error=lost)) for item in batch]


def describe(error: BaseException) -> str:
    """What went wrong and where, without words that could be clinical text.

    Our own errors name ids and offsets only; of any other only the type, the system's own words for its number, and the
    line of code are kept.
    """
    if isinstance(error, CurateError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    location = f"{frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno}" if frames else "an unknown line"
    number = error.errno if isinstance(error, OSError) else None
    return f"{type(error).__name__}{f' ({os.strerror(number)})' if number else ''} at {location}"

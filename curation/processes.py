"""Work on several processor cores: what is Python runs in processes of its own, a bounded number of batches at once."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType, TracebackType
from typing import Any, TypeVar

from curation.errors import WorkerError

Batch = TypeVar("Batch")
Outcome = TypeVar("Outcome")

#: Fewer records are not worth the start of processes, each of which loads word lists for a second or two.
WORTHWHILE = 400
#: Batches in flight for each worker: one in work, one that waits.
IN_FLIGHT = 2
#: Libraries that would use all cores in each of the processes.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
PRELOAD = "curation.process_preload"


def usable_cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return int(os.process_cpu_count() or 1)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Processes:
    """Up to so many worker processes, begun with the first batch, ended with the `with` block.

    They are begun anew, never forked from this process, end with it however it ends, and leave Ctrl-C to it.
    """

    def __init__(self, workers: int | None = None, *, preload: Iterable[str] = ()) -> None:
        """workers: by default as many as there are cores. preload: modules that all of them need."""
        self.workers = workers or usable_cores()
        self._preload = (PRELOAD, *preload)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Processes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes: what has not begun is dropped, what runs is awaited."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
            _end_server()

    def worthwhile(self, records: int) -> bool:
        """Whether so many records are done sooner by several processes than by this one."""
        return self.workers > 1 and records >= WORTHWHILE

    def map(self, function: Callable[[Batch], Outcome], batches: Iterable[Batch]) -> Iterator[Outcome]:
        """The outcome of each batch, in order; few are in flight, however many there are.

        The function is sent once and kept by each process with what it has loaded. Raises WorkerError when a process
        dies.
        """
        flight: deque[Future[Outcome]] = deque()
        submit = self.sender(function)
        for batch in batches:
            flight.append(submit(batch))
            if len(flight) >= IN_FLIGHT * self.workers:
                yield outcome_of(flight.popleft())
        while flight:
            yield outcome_of(flight.popleft())

    def sender(self, function: Callable[[Batch], Outcome]) -> Callable[[Batch], Future[Outcome]]:
        """Sends a batch to the function in one of the processes; ask for the outcome with `outcome_of`."""
        sent = pickle.dumps(function)
        return lambda batch: self._submit(sent, batch)

    def _submit(self, function: bytes, batch: Any) -> Future[Any]:
        if self._pool is None:
            context = multiprocessing.get_context(_start_method())
            if hasattr(context, "set_forkserver_preload"):
                context.set_forkserver_preload(list(self._preload))
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_begin)
        # With each batch, since the pool begins a worker when there is none that waits.
        with _as_workers_are_begun():
            return _sent(self._pool, function, batch)


def outcome_of(future: Future[Outcome]) -> Outcome:
    """What came out of a batch. Raises WorkerError when its process died."""
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise _died() from error


def _sent(pool: ProcessPoolExecutor, function: bytes, batch: Any) -> Future[Any]:
    try:
        return pool.submit(_apply, function, batch)
    except BrokenProcessPool as error:
        raise _died() from error


def _died() -> WorkerError:
    return WorkerError(
        "expected all worker processes to stay, one of them was ended from outside (killed, or there was no memory "
        "left); what was finished is kept, and the same command goes on from there; with curation.workers = 1 there "
        "is one process, which needs the least memory"
    )


def _start_method() -> str:
    """A fork server where there is one, since its children share what it has loaded."""
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def _end_server() -> None:
    """The fork server ended, with the memory that it shares with workers; the next pool begins another.

    The library has no public name for it and leaves the server until this process ends.
    """
    if _start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver._forkserver._stop()  # type: ignore[attr-defined]


@contextmanager
def _as_workers_are_begun() -> Iterator[None]:
    """While this lasts, new processes get one thread a library, no Ctrl-C, and nothing of the script that runs here."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    main = sys.modules["__main__"]
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if hasattr(signal, "pthread_sigmask") else None
    os.environ.update(ONE_THREAD)
    # Otherwise each worker would run a script again whose work is not below `if __name__ == "__main__"`.
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if masked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, masked)


def _begin() -> None:
    """What a worker does first: load, leave Ctrl-C to the process that gives the work, and end when that one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    __import__(PRELOAD)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _apply(function: bytes, batch: Any) -> Any:
    return _loaded(function)(batch)


@lru_cache(maxsize=8)
def _loaded(function: bytes) -> Callable[[Any], Any]:
    """The function, kept with all that it loads."""
    loaded: Callable[[Any], Any] = pickle.loads(function)
    return loaded

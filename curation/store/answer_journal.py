"""Attempts that are not in the store yet, in files beside it: what a killed process leaves is taken over by the next.

A line is written at once, a transaction takes its time. The files belong to a process by a lock, which ends with it
however it ends. What is in the store is written over with zeros.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from secrets import token_hex

import sqlalchemy as sa

from curation.models.contract import Answer, Attempt, Finish, TokenProbability
from curation.private_files import made_private
from curation.record import digest

try:
    import fcntl
except ImportError:  # without such locks nobody could tell whose files they are: the store alone keeps answers
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".journal"
#: So many attempts go into a file; it is emptied when all of them are in the store.
LARGEST = 64
ATTEMPT, ANSWER = (tuple(field.name for field in fields(kept)) for kept in (Attempt, Answer))


@dataclass(slots=True)
class _Segment:
    """A file that is held: how many attempts it has, and how many of these are not in the store."""

    path: Path
    file: int
    noted: int = 0
    left: int = 0


class AnswerJournal:
    """The journal of one process for one store. May be used from several threads.

    failed: called once when the disk takes no more; from then on nothing is written here.
    """

    def __init__(self, folder: Path, store_url: str, *, failed: Callable[[OSError], None]) -> None:
        self._folder, self._prefix, self._failed = folder, _prefix(store_url), failed
        self._used = deque[_Segment]()
        self._free: list[_Segment] = []
        self._lock = threading.Lock()
        self._is_open = fcntl is not None

    def note(self, attempt: Attempt) -> None:
        """Write an attempt down."""
        with self._lock:
            if not self._is_open:
                return
            try:
                if not self._used or self._used[-1].noted >= LARGEST:
                    self._used.append(self._free.pop() if self._free else self._begun())
                _write(self._used[-1].file, _line(attempt))
            except OSError as error:
                self._is_open = False
                self._failed(error)
                return
            self._used[-1].noted += 1
            self._used[-1].left += 1

    def stored(self, count: int) -> None:
        """The store has so many more of the attempts, in their order."""
        with self._lock:
            while count > 0 and self._used:
                segment = self._used[0]
                done = min(count, segment.left)
                segment.left -= done
                count -= done
                if segment.left or not done:
                    return
                _empty(segment.file)
                segment.noted = 0
                self._free.append(self._used.popleft())

    def close(self) -> None:
        """Take the empty files away; what is not in the store stays for the next process."""
        with self._lock:
            self._is_open = False
            for segment in self._free:
                segment.path.unlink(missing_ok=True)
            for segment in (*self._free, *self._used):
                os.close(segment.file)
            self._free.clear()
            self._used.clear()

    def _begun(self) -> _Segment:
        made_private(self._folder)
        while True:
            path = self._folder / f"{self._prefix}-{token_hex(8)}{SUFFIX}"
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                if _is_had(file):
                    return _Segment(path, file)
            except OSError:
                path.unlink(missing_ok=True)
                os.close(file)
                raise
            os.close(file)  # another process took it for one that was left


@dataclass(slots=True)
class LeftBehind:
    """What a file holds: attempts, and how many whole lines cannot be read.

    The last line may have no end: it was being written when the process ended, and is no attempt.
    """

    attempts: list[Attempt]
    unread: int = 0


def left_behind(folder: Path, store_url: str) -> Iterator[LeftBehind]:
    """What stands in each file that an ended process left of a store; the file is taken away once it is used."""
    for path in sorted(folder.glob(f"{_prefix(store_url)}-*{SUFFIX}")) if fcntl is not None else ():
        try:
            file = os.open(path, os.O_RDWR)
        except OSError:
            continue
        try:
            if not _is_free(file):
                continue
            with os.fdopen(os.dup(file), "rb") as content:
                lines = [line for line in content if line.endswith(b"\n")]
            attempts = [attempt for line in lines if (attempt := _read(line)) is not None]
            yield LeftBehind(attempts, len(lines) - len(attempts))
            _empty(file)
            path.unlink(missing_ok=True)
        finally:
            os.close(file)


def _prefix(store_url: str) -> str:
    """A store by its address, without the password: another one has nothing to do with these answers."""
    return digest(sa.make_url(store_url).render_as_string())


def _is_had(file: int) -> bool:
    """Whether the file is ours now, and was not taken away meanwhile. Raises OSError where files cannot be locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(file).st_nlink > 0


def _is_free(file: int) -> bool:
    try:
        return _is_had(file)
    except OSError:
        return False


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]


def _empty(file: int) -> None:
    """As the store does with what is deleted: zeros first."""
    size = os.fstat(file).st_size
    os.lseek(file, 0, os.SEEK_SET)
    _write(file, bytes(size))
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)


def _line(attempt: Attempt) -> bytes:
    """An attempt as a line of ASCII: an answer may have halves of characters."""
    values = {name: getattr(attempt, name) for name in ATTEMPT}
    if (answer := attempt.answer) is not None:
        values["answer"] = {name: getattr(answer, name) for name in ANSWER}
        if answer.logprobs is not None:
            values["answer"]["logprobs"] = [[piece.text, piece.logprob] for piece in answer.logprobs]
    return json.dumps(values).encode() + b"\n"


def _read(line: bytes) -> Attempt | None:
    """The attempt in a line; None where the line is not whole."""
    try:
        values = json.loads(line)
        if (found := values.pop("answer")) is not None:
            pieces = found.pop("logprobs")
            logprobs = (
                None
                if pieces is None
                else tuple(TokenProbability(str(text), float(logprob)) for text, logprob in pieces)
            )
            found = Answer(**found | {"finish": Finish(found["finish"])}, logprobs=logprobs)
        attempt = Attempt(**values | {"record_ids": tuple(values["record_ids"])}, answer=found)
        return attempt if _fits(attempt) else None
    except (ValueError, TypeError, LookupError, AttributeError):
        return None


def _fits(attempt: Attempt) -> bool:
    """Whether the values are of the kinds that the store takes. Raises ValueError where the time is none."""
    datetime.fromisoformat(attempt.time)
    words: list[object] = [attempt.key, attempt.model, attempt.purpose, attempt.state, *attempt.record_ids]
    numbers: list[object] = [attempt.number, attempt.sample]
    amounts: list[object] = []
    if (answer := attempt.answer) is not None:
        words += [answer.text, answer.model, answer.form]
        numbers += [given for given in (answer.tokens_in, answer.tokens_out) if given is not None]
        amounts = [answer.seconds, *([] if answer.cost is None else [answer.cost])]
    kinds = ((words, str), (numbers, int), (amounts, int | float))
    return all(isinstance(value, kind) for values, kind in kinds for value in values)

"""The ledger in the store: looked up many keys at a time, written by one thread in small transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from curation.models.client import LedgerEntry
from curation.models.contract import Answer, Attempt
from curation.store import Store


@dataclass(slots=True)
class StoreLedger:
    """Answers and attempts of a store. What was noted and is not stored yet is found as well. For one event loop.

    write: called with each attempt; returns at once. What it has stored is told to `stored`.
    """

    store: Store
    write: Callable[[Attempt], None]
    _unwritten: dict[str, Answer] = field(default_factory=dict)
    _asked: dict[str, asyncio.Future[LedgerEntry]] = field(default_factory=dict)
    _reader: asyncio.Task[None] | None = None

    async def find(self, key: str) -> LedgerEntry:
        """What there is under a key. Keys that are looked for while the store reads go together in its next reading."""
        if (answer := self._unwritten.get(key)) is not None:
            return LedgerEntry(answer)
        if (future := self._asked.get(key)) is None:
            future = self._asked[key] = asyncio.get_running_loop().create_future()
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
        # Several may wait for it, and one that is called off takes it from none of the others.
        return await asyncio.shield(future)

    def note(self, attempt: Attempt) -> None:
        """Have an attempt stored."""
        if attempt.answer is not None:
            self._unwritten[attempt.key] = attempt.answer
        self.write(attempt)

    def stored(self, attempts: Sequence[Attempt]) -> None:
        """From now on the store has these. May be called by another thread."""
        for attempt in attempts:
            self._unwritten.pop(attempt.key, None)

    async def _read(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            try:
                found = await asyncio.to_thread(self._found, list(asked))
            except Exception as error:
                for future in asked.values():
                    if not future.done():
                        future.set_exception(error)
                continue
            for key, future in asked.items():
                if not future.done():
                    future.set_result(found[key])
        self._reader = None

    def _found(self, keys: Sequence[str]) -> dict[str, LedgerEntry]:
        answers = self.store.answers(keys)
        attempts = self.store.attempts_at([key for key in keys if key not in answers])
        return {key: LedgerEntry(answers.get(key), attempts.get(key, 0)) for key in keys}

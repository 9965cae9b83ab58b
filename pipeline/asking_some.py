"""A stage that asks, about a few chosen records: answers are kept in the ledger, layers are not stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from signal import raise_signal
from typing import NamedTuple

from curation.errors import may_pass
from curation.models.asking_stage import AskingStage
from curation.models.client import AskingClient, AskingStoppedError, LedgerEntry, paces_of
from curation.models.contract import Attempt
from curation.models.conversing import result_of
from curation.models.ledger import StoreLedger
from curation.stage import Item, Result
from curation.store import Store
from curation.store.answer_journal import AnswerJournal
from curation.store.write_behind import WriteBehind
from pipeline.progress import Advance, Notify, not_notified, silent
from pipeline.runner import describe
from pipeline.signals import told_of_signals, waiting_line
from pipeline.spending import RunSpending


class SomeResults(NamedTuple):
    """Results in the order of the records, and what was found out of models' servers, by the models' names."""

    results: list[Result | None]
    schemas: dict[str, str]


def ask_some(
    store: Store,
    stage: AskingStage,
    items: Sequence[Item],
    *,
    spending: RunSpending,
    advance: Advance = silent,
    notify: Notify = not_notified,
    journal: AnswerJournal | None = None,
) -> SomeResults:
    """A result for each record; None for those that a cap left out.

    journal: what keeps the attempts until the store has them.

    Raises KeyboardInterrupt after a signal that ends the process, once all that came is stored.
    """

    def write(attempts: Sequence[Attempt]) -> None:
        store.note_attempts(attempts)
        if journal is not None:
            journal.stored(len(attempts))

    def keep(attempt: Attempt) -> None:
        if journal is not None:
            journal.note(attempt)
        writer.put(attempt)

    writer = WriteBehind[Attempt](write)
    asking = _Asking(stage, StoreLedger(store, keep), spending, advance, notify)
    try:
        results = asyncio.run(asking.about(items))
    finally:
        writer.close()
    if asking.signals:
        raise_signal(asking.signals[0])
    return SomeResults(results, asking.schemas)


@dataclass(slots=True)
class _Asking:
    """Conversations side by side, until a cap or a signal ends them; what it counts, its ledger keeps."""

    stage: AskingStage
    ledger: StoreLedger
    spending: RunSpending
    advance: Advance
    notify: Notify
    signals: list[int] = field(default_factory=list)
    schemas: dict[str, str] = field(default_factory=dict)
    _tasks: list[asyncio.Task[Result | None]] = field(default_factory=list)

    async def about(self, items: Sequence[Item]) -> list[Result | None]:
        """A result for each record; None for those that were not asked about, or whose answer was not waited for."""
        loop = asyncio.get_running_loop()
        models = self.stage.models
        client = AskingClient(models, paces_of(models), self, admit=self.spending.admit, notify=self.notify)
        room = asyncio.Semaphore(sum(model.at_once for model in models.values()))

        def end(*, leave: bool) -> None:
            client.stop()
            for task in self._tasks if leave else ():
                task.cancel()
            if client.in_flight and not leave:
                self.notify(waiting_line(self.stage.name, client.in_flight))

        def signalled(number: int) -> None:
            self.signals.append(number)
            loop.call_soon_threadsafe(lambda: end(leave=len(self.signals) > 1))

        def over() -> None:
            self.spending.end_in_time()
            end(leave=True)

        try:
            with told_of_signals(signalled):
                self._tasks += [asyncio.create_task(self._one(item, client, room)) for item in items]
                watch = None if self.spending.left is None else loop.call_later(self.spending.left, over)
                results = await asyncio.gather(*self._tasks)
                if watch is not None:
                    watch.cancel()
                return results
        finally:
            self.schemas |= {name: str(found) for name, found in client.schemas.items()}
            await client.close()

    async def find(self, key: str) -> LedgerEntry:
        """As of a ledger."""
        return await self.ledger.find(key)

    def note(self, attempt: Attempt) -> None:
        """As of a ledger, and counted."""
        self.spending.note(attempt)
        self.ledger.note(attempt)

    async def _one(self, item: Item, client: AskingClient, room: asyncio.Semaphore) -> Result | None:
        try:
            async with room:
                result = await result_of(self.stage, item, client)
        except (AskingStoppedError, asyncio.CancelledError):
            return None
        except Exception as error:
            result = Result(item.record.id, error=describe(error), may_pass=may_pass(error))
        self.advance(1, int(result.error is not None))
        return result

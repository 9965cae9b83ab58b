"""A stage that asks as one that is called: for places that want a few results now, such as the live back end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from curation.errors import CurateError, may_pass
from curation.models.asking_stage import AskingStage
from curation.models.client import AskingClient, paces_of
from curation.models.contract import Attempt
from curation.models.conversing import result_of
from curation.models.ledger import StoreLedger
from curation.stage import Item, Result
from curation.store import Store
from curation.store.write_behind import WriteBehind


class AskedStage:
    """Holds a stage's conversations in a thread of its own, by way of the ledger of a store. May be called by several
    threads.
    """

    def __init__(self, stage: AskingStage, store: Store, *, notify: Callable[[str], None] = lambda line: None) -> None:
        self.stage = stage
        self._store = store
        self._writer = WriteBehind[Attempt](self._write)
        self._ledger = StoreLedger(store, self._writer.put)
        self._client = AskingClient(stage.models, paces_of(stage.models), self._ledger, notify=notify)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=stage.name, daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """As of a Stage."""
        return self.stage.name

    @property
    def fingerprint(self) -> str:
        """As of a Stage."""
        return self.stage.fingerprint

    @property
    def schemas(self) -> dict[str, str]:
        """What was found out of models' servers, by the models' names."""
        return {name: str(found) for name, found in self._client.schemas.items()}

    @property
    def reads(self) -> Sequence[str]:
        """As of a Stage."""
        return self.stage.reads

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One result for each item, in their order."""
        return asyncio.run_coroutine_threadsafe(self._results(items), self._loop).result()

    def close(self) -> None:
        """Store what came, and give the models' connections back."""
        self._loop.call_soon_threadsafe(self._client.stop)
        asyncio.run_coroutine_threadsafe(self._client.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._writer.close()

    async def _results(self, items: Sequence[Item]) -> list[Result]:
        return await asyncio.gather(*map(self._result, items))

    async def _result(self, item: Item) -> Result:
        record = item.record
        try:
            known = await asyncio.to_thread(self._store.with_text, record.text)
            if known is None or (known.text, known.language) != (record.text, record.language):
                return await result_of(self.stage, item, self._client)
            # An answer is kept with the record that it is about; a caller who has only a text has another id for it.
            result = await result_of(self.stage, replace(item, record=known), self._client)
            layers = tuple(layer.model_copy(update={"record_id": record.id}) for layer in result.layers)
            return replace(result, record_id=record.id, layers=layers)
        except Exception as error:
            # Our own errors name ids and offsets only; the words of others may be clinical text.
            said = str(error) if isinstance(error, CurateError) else type(error).__name__
            return Result(record.id, error=said, may_pass=may_pass(error))

    def _write(self, attempts: Sequence[Attempt]) -> None:
        self._store.note_attempts(attempts)
        self._ledger.stored(attempts)

"""The ledger of a store: many look for answers at once."""

from __future__ import annotations

import asyncio

from curation.models.client import LedgerEntry
from curation.models.ledger import StoreLedger


def test_several_that_look_for_the_same_key_at_once_are_all_told_also_when_one_is_called_off(sqlite_store):
    async def looked_for() -> list[LedgerEntry | BaseException]:
        ledger = StoreLedger(sqlite_store, lambda attempt: None)
        tasks = [asyncio.create_task(ledger.find("key")) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)

    first, *others = asyncio.run(looked_for())
    assert isinstance(first, asyncio.CancelledError)
    assert others == [LedgerEntry(), LedgerEntry()]

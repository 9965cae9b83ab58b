"""Cases that are no records, as work for a stage that asks: the store takes what comes of them and the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from curation.models.contract import Attempt
from curation.record import Record
from curation.stage import Item, Result, StageIdentity, StoredItem
from curation.store import Store
from curation.store.claims import TRIES, Claimed
from curation.store.jobs import Committed, LayerRows, Pending


class CaseQueue(Store):
    """A store whose only work are these cases, each a record without a text: given out in their order, once.

    What a case becomes is stored with the answers. A case that failed is known until the run ends; the ledger has its
    answers, so that the next run comes to the same end without paying.
    """

    def __init__(self, store: Store, cases: Sequence[Record]) -> None:
        super().__init__(store._engine)
        self.let_out = store.let_out
        self._cases = list(cases)
        self._waiting = iter(self._cases)
        #: The kinds of failures by the cases' ids.
        self.failed_cases: dict[str, str] = {}

    def count_pending(self, stage: StageIdentity, *, retry_failed: bool = False, kinds: Collection[str] = ()) -> int:
        """How many cases there are."""
        return len(self._cases)

    def pending(
        self, stage: StageIdentity, *, retry_failed: bool = False, kinds: Collection[str] = ()
    ) -> Iterator[Pending]:
        """All cases in one page."""
        yield Pending({}, [StoredItem(case, {}) for case in self._cases])

    def count_records(self) -> dict[str, int]:
        """How many cases there are by their language."""
        return dict(Counter(case.language for case in self._cases))

    def claim(
        self,
        stage: StageIdentity,
        size: int,
        *,
        worker: str,
        lease: float,
        retry_failed: bool = False,
        kinds: Collection[str] = (),
        tries: int = TRIES,
    ) -> Claimed:
        """The next cases."""
        return Claimed([Item(case) for case in islice(self._waiting, size)], {}, "")

    def renew(self, token: str, lease: float) -> int:
        """Nothing is lent."""
        return 0

    def release(self, token: str, record_ids: Collection[str]) -> None:
        """Nothing is lent."""

    def end_leases(self, has_ended: Callable[[str], bool]) -> int:
        """Nothing is lent."""
        return 0

    def count_jobs(self) -> dict[str, dict[str, int]]:
        """No case is a job."""
        return {}

    def count_own(self, stage: StageIdentity) -> dict[str, int]:
        """No case is a job."""
        return {}

    def commit(
        self,
        stage: StageIdentity,
        results: Sequence[Result],
        *,
        seen: LayerRows,
        attempts: Sequence[Attempt] = (),
        claim: str | None = None,
    ) -> Committed:
        """Store the records of results with their layers, and attempts at answers, all or nothing."""
        if new := {record.id: record for result in results for record in result.records}:
            self.let_records_out(new)
        with self.write() as connection:
            self.write_attempts(connection, attempts, frozenset())
            checked = self._store_made(connection, results)
        failed = {result.record_id: result.kind or "other" for result in checked if result.error is not None}
        self.failed_cases |= failed
        return Committed(len(failed))


class LimitedStore(Store):
    """A store that gives out so many records in a run, at most."""

    def __init__(self, store: Store, most: int) -> None:
        super().__init__(store._engine)
        self.let_out = store.let_out
        self._most = self._left_over = most
        self._token = ""

    def count_pending(self, stage: StageIdentity, *, retry_failed: bool = False, kinds: Collection[str] = ()) -> int:
        """How many are given out."""
        return min(self._most, super().count_pending(stage, retry_failed=retry_failed, kinds=kinds))

    def pending(
        self, stage: StageIdentity, *, retry_failed: bool = False, kinds: Collection[str] = ()
    ) -> Iterator[Pending]:
        """The first pages, to the last record that is given out."""
        left = self._most
        for page in super().pending(stage, retry_failed=retry_failed, kinds=kinds):
            if left <= 0:
                return
            yield Pending(page.seen, page.items[:left])
            left -= len(page.items)

    def claim(
        self,
        stage: StageIdentity,
        size: int,
        *,
        worker: str,
        lease: float,
        retry_failed: bool = False,
        kinds: Collection[str] = (),
        tries: int = TRIES,
    ) -> Claimed:
        """As of a store, until the number is reached."""
        if not self._left_over:
            # What is in work is still had under its token.
            return Claimed([], {}, self._token)
        claimed = super().claim(
            stage,
            min(size, self._left_over),
            worker=worker,
            lease=lease,
            retry_failed=retry_failed,
            kinds=kinds,
            tries=tries,
        )
        self._left_over -= len(claimed.items)
        self._token = claimed.token
        return claimed

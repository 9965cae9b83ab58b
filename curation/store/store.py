"""The store: all parts of the database behind one class."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from curation.store.deletion import DeletionLog
from curation.store.egress import EgressLog
from curation.store.engine import connect
from curation.store.jobs import Jobs
from curation.store.records import Added
from curation.store.references import References
from curation.store.review import ReviewLedger
from curation.store.runs import Runs
from curation.store.scratch import Scratch
from curation.store.sets import Sets

__all__ = ["Added", "Store"]


class Store(Jobs, Sets, References, ReviewLedger, Runs, Scratch, EgressLog, DeletionLog):
    """All data of a workspace; safe for several threads and processes at once."""

    @classmethod
    def open(cls, url: str, *, made_with: Callable[[], str | None] = lambda: None) -> Store:
        """The store at an SQLAlchemy URL, made or migrated as needed; use it as a context manager.

        made_with: called for a database that is empty or not there: what shows that it was not. Raises StoreError for
        such a one, and when the database cannot be opened or is from a newer version.
        """
        return cls(connect(url, made_with=made_with))

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

"""The store: all parts of the database behind one class."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from curation.errors import ConfigError, SchemeError, StoreError, UsageError
from curation.store.claims import Claims
from curation.store.deletion import DeletionLog
from curation.store.egress import EgressLog
from curation.store.engine import connect
from curation.store.records import Added
from curation.store.references import References
from curation.store.review import ReviewLedger
from curation.store.runs import Runs
from curation.store.scratch import Scratch
from curation.store.sets import Sets
from curation.store.soundness import faults

__all__ = ["Added", "Store"]

#: Errors that say nothing of the file.
OF_THE_USER = (UsageError, ConfigError, SchemeError)


class Store(Claims, Sets, References, ReviewLedger, Runs, Scratch, EgressLog, DeletionLog):
    """All data of a workspace; safe for several threads and processes at once."""

    @classmethod
    def open(cls, url: str, *, made_with: Callable[[], str | None] = lambda: None) -> Store:
        """The store at an SQLAlchemy URL, made or migrated as needed; use it as a context manager.

        made_with: called for a database that is empty or not there: what shows that it was not. Raises StoreError for
        such a one, and when the database cannot be opened or is from a newer version.
        """
        try:
            return cls(connect(url, made_with=made_with))
        except Exception as error:
            if damage := _damage(url, error):
                raise damage from error
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        # What is read from damaged pages may fail anywhere: as a value that is missing, or of another kind.
        if error is not None and (damage := _damage(self._engine.url, error)):
            raise damage from error

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def _damage(url: str | sa.URL, error: BaseException) -> StoreError | None:
    """The error to tell in the place of one that came up over a damaged SQLite file; None where that is whole."""
    if not isinstance(error, Exception) or isinstance(error, OF_THE_USER):
        return None
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        return None
    path = Path(parsed.database or ":memory:")
    if parsed.get_backend_name() != "sqlite" or not path.is_file() or not path.stat().st_size:
        return None
    if not (found := faults(path, table="records")):
        return None
    return StoreError(
        f"expected a whole database at {path}, it is damaged ({found[0]}); look at it with `curate doctor` and put "
        "back a copy"
    )

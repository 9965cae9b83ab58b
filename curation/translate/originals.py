"""The originals of translations, looked up in a store and kept for a while."""

from __future__ import annotations

from functools import lru_cache

from curation.record import Record
from curation.store import Store

#: Originals that are kept: a record is asked about several times in a row.
KEPT = 512


class Originals:
    """Gives the record that another translates; None where it is not in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read = lru_cache(maxsize=KEPT)(self._from_store)

    def __call__(self, translation: Record) -> Record | None:
        """The original."""
        return self._read(translation.translation_of) if translation.translation_of else None

    def _from_store(self, id: str) -> Record | None:
        return next(iter(self._store.records([id])), None)

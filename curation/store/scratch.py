"""Tables that are made from other data of the store and can be made again: not part of the migrations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from curation.batches import batched
from curation.store.engine import CHUNK, Connected


class ScratchTable(Connected):
    """A table of one row for each key."""

    def __init__(self, engine: sa.Engine, table: sa.Table) -> None:
        super().__init__(engine)
        self._table = table
        (self._key,) = table.primary_key.columns

    def count(self) -> int:
        """How many rows there are."""
        with self.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(self._table)).scalar_one())

    def row(self, key: str) -> Mapping[str, Any]:
        """The row of a key. Raises KeyError when there is none."""
        with self.read() as connection:
            found = connection.execute(sa.select(self._table).where(self._key == key)).mappings().first()
        if found is None:
            raise KeyError(key)
        return dict(found)

    def column(self, name: str) -> Iterator[Any]:
        """The values of a column in the order of the keys, streamed."""
        query = sa.select(self._key.label("key"), self._table.c[name].label("value"))
        after = ""
        while True:
            with self.read() as connection:
                page = connection.execute(query.where(self._key > after).order_by(self._key).limit(CHUNK)).all()
            if not page:
                return
            yield from (row.value for row in page)
            after = page[-1].key


class Scratch(Connected):
    """Tables beside the store's own."""

    @property
    def url(self) -> str:
        """The address of the database, with its password: for a connection only, never shown."""
        return self._engine.url.render_as_string(hide_password=False)

    def replace_table(
        self, name: str, *, key: str, texts: Sequence[str], numbers: Sequence[str], rows: Iterable[Mapping[str, Any]]
    ) -> ScratchTable:
        """A table of this name with these rows and no others."""
        table = sa.Table(
            name,
            sa.MetaData(),
            sa.Column(key, sa.Text, primary_key=True),
            *(sa.Column(column, sa.Text) for column in texts),
            *(sa.Column(column, sa.Double) for column in numbers),
        )
        with self.write() as connection:
            table.drop(connection, checkfirst=True)
            table.create(connection)
        for batch in batched(rows, CHUNK):
            with self.write() as connection:
                connection.execute(sa.insert(table), [dict(row) for row in batch])
        return ScratchTable(self._engine, table)

    def drop_table(self, name: str) -> None:
        """Delete the tables that `replace_table` made under this name, alone or with `_` and more after it."""
        with self.write() as connection:
            for found in sa.inspect(connection).get_table_names():
                if found == name or found.startswith(f"{name}_"):
                    sa.Table(found, sa.MetaData()).drop(connection, checkfirst=True)

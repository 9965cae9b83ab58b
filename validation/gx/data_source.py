"""Where Great Expectations reads what was measured: a frame in memory, or a table of the store."""

from __future__ import annotations

import os
from typing import Any, Protocol

import sqlalchemy as sa

from curation.store.engine import OURS
from validation.frame import Frame
from validation.table import MeasureTable

#: The environment variable that holds the store's address: only its name is written into `gx/`.
STORE = "CLINCURATE_STORE"


class Data(Protocol):
    """A data source of Great Expectations, found or made in a context."""

    #: The names of the validation definition and of the checkpoint that read it.
    definition: str
    checkpoint: str

    def batch(self, context: Any) -> Any:
        """The batch definition of all rows."""

    def parameters(self) -> dict[str, Any]:
        """What a run must be given beside."""

    def close(self) -> None:
        """Give back what reading took."""


class InMemory:
    """A pandas frame."""

    definition = "curated"
    checkpoint = "validate"

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    def batch(self, context: Any) -> Any:
        source = context.data_sources.add_or_update_pandas("records")
        return source.add_dataframe_asset("measures").add_batch_definition_whole_dataframe("all")

    def parameters(self) -> dict[str, Any]:
        return {"dataframe": self._frame.as_pandas()}

    def close(self) -> None:
        pass


class InStore:
    """A table of the store, read by SQL."""

    definition = "curated in the store"
    checkpoint = "validate in the store"

    def __init__(self, table: MeasureTable) -> None:
        self._table = table
        self._engines: set[sa.Engine] = set()
        os.environ[STORE] = table.url
        sa.event.listen(sa.Engine, "engine_connect", self._note)

    def batch(self, context: Any) -> Any:
        source = context.data_sources.add_or_update_sql(
            "store", connection_string=f"${{{STORE}}}", kwargs={"hide_parameters": True}
        )
        return source.add_table_asset("measures", table_name=self._table.name).add_batch_definition_whole_table("all")

    def parameters(self) -> dict[str, Any]:
        return {}

    def close(self) -> None:
        # Great Expectations makes an engine for each copy of a data source and closes none of them.
        sa.event.remove(sa.Engine, "engine_connect", self._note)
        for engine in self._engines:
            engine.dispose()

    def _note(self, connection: sa.Connection) -> None:
        # A store's own would lose the connection on which it reads one moment.
        if not connection.engine.get_execution_options().get(OURS):
            self._engines.add(connection.engine)


def data_of(measured: Frame | MeasureTable) -> Data:
    """How Great Expectations reads what was measured."""
    return InStore(measured) if isinstance(measured, MeasureTable) else InMemory(measured)

"""Rows of Arrow tables as plain values, whatever dates they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.sources.class_names import named
from curation.sources.reading import SourceTally, shown


def plain_rows(
    table: Any, features: Mapping[str, Any], where: str, first: int, tally: SourceTally
) -> Iterator[dict[str, Any]]:
    """The rows of a batch, class numbers by their names.

    A value that Python cannot hold (a date before year 1 or after 9999) becomes a string, or is left out; the tally
    says so. where, first: the file, and the number of the first row.
    """
    try:
        rows: list[dict[str, Any]] = table.to_pylist()
    except Exception:  # a date out of range raises whatever its type raises: then value by value
        columns = {name: table.column(name) for name in table.schema.names}
        rows = [
            {name: _value(column[index], name, f"{where}:{first + index}", tally) for name, column in columns.items()}
            for index in range(table.num_rows)
        ]
    for row in rows:
        yield {name: named(value, features.get(name)) for name, value in row.items()}


def _value(scalar: Any, column: str, where: str, tally: SourceTally) -> Any:
    try:
        return scalar.as_py()
    except Exception:  # see above
        try:
            text = scalar.cast("string").as_py()
            tally.notice(where, f"a date out of range in the column {shown(column)} was kept as a string")
        except Exception:  # nor can Arrow write it
            tally.notice(where, f"a value out of range in the column {shown(column)} was left out")
            return None
        return text

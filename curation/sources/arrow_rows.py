"""Rows of Arrow tables as plain values, whatever dates they hold, and however little their file says of their size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from curation.sources.class_names import named
from curation.sources.reading import SourceTally, shown


def bounded_parts(table: Any, limit: int) -> Iterator[Any]:
    """A batch in parts that may be made plain at once, in order.

    A part of several rows takes at most the limit in bytes; one of a single row may take more, for the caller to
    refuse. What stands once and is pointed to by many rows counts as often as it would be written out.
    """
    parts = [table]
    while parts:
        part = parts.pop()
        if part.num_rows > 1 and plain_bytes(part) > limit:
            half = part.num_rows // 2
            parts += [part.slice(half), part.slice(0, half)]
        elif part.num_rows:
            yield part


def plain_bytes(table: Any) -> int:
    """About how many bytes the values of a table or batch take, written out one by one."""
    return sum(_plain_bytes(chunk) for column in table.columns for chunk in getattr(column, "chunks", [column]))


def _plain_bytes(array: Any) -> int:
    import pyarrow as arrow
    import pyarrow.compute as compute

    kind = arrow.types
    if kind.is_dictionary(array.type):
        values = array.dictionary
        if kind.is_string(values.type) or kind.is_binary(values.type) or kind.is_large_string(values.type):
            lengths = compute.cast(compute.binary_length(values), arrow.int64())
            return int(compute.sum(compute.take(lengths, array.indices)).as_py() or 0)
        return len(array) * _plain_bytes(values)
    if kind.is_run_end_encoded(array.type):
        return len(array) * _plain_bytes(array.values)
    if kind.is_list(array.type) or kind.is_large_list(array.type) or kind.is_fixed_size_list(array.type):
        return 8 * len(array) + _plain_bytes(array.flatten())
    if kind.is_map(array.type):
        start, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
        return _plain_bytes(array.keys[start:end]) + _plain_bytes(array.items[start:end])
    if kind.is_struct(array.type):
        return sum(map(_plain_bytes, array.flatten()))
    return int(array.nbytes)


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

"""Batches of an iterable, lazily (Python 3.12 has this as `itertools.batched`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items, in order; the source is read one batch at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch

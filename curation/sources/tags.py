"""Tags of tokens (IOB, IOB2, BIOES, BILOU) and the annotations that they say."""

from __future__ import annotations

import re
from collections.abc import Iterator

TAG = re.compile(r"(?:([BIESLUM])(?:-(.+))?|O)")
STARTS, ENDS = frozenset("BSU"), frozenset("ESLU")


def chunks(tags: list[str]) -> Iterator[tuple[str, int, int]]:
    """Type, first and last token of each annotation, as conlleval reads tags: an I that follows nothing begins one."""
    open_type: str | None = None
    first = 0
    for index, tag in enumerate(tags):
        mark, type_ = _mark(tag)
        if open_type is not None and (mark is None or mark in STARTS or type_ != open_type):
            yield open_type, first, index - 1
            open_type = None
        if mark is not None and open_type is None:
            open_type, first = type_, index
        if open_type is not None and mark in ENDS:
            yield open_type, first, index
            open_type = None
    if open_type is not None:
        yield open_type, first, len(tags) - 1


def _mark(tag: str) -> tuple[str | None, str]:
    match = TAG.fullmatch(tag)
    if match is None or match[1] is None:
        return None, ""
    return match[1], match[2] or "entity"

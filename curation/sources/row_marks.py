"""Annotations as marks in a row's text, which are taken out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from curation.sources.draft import Draft, DraftEntity, DraftRelation
from curation.sources.mapping import ImportMapping
from curation.sources.paths import dig


def take_marks(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping) -> None:
    """Takes the marks out of the text and leaves annotations where they were."""
    by_open = {mark.open: mark for mark in mapping.marks}
    pattern = "|".join(f"({re.escape(mark.open)})(.*?){re.escape(mark.close)}" for mark in mapping.marks)
    plain: list[str] = []
    length = after = 0
    for match in re.finditer(pattern, draft.text, re.DOTALL):
        opened, inner = (group for group in match.groups() if group is not None)
        before = draft.text[after : match.start()]
        start = length + len(before)
        plain += (before, inner)
        length = start + len(inner)
        after = match.end()
        mark = by_open[opened]
        draft.entities.append(DraftEntity(f"T{len(draft.entities) + 1}", mark.type, spans=((start, length),)))
    draft.text = "".join((*plain, draft.text[after:]))
    draft.annotated = True
    _relate_marks(draft, values, mapping)


def _relate_marks(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping) -> None:
    if mapping.mark_relation is None:
        return
    type_ = dig(values, mapping.mark_relation.type)
    ends = {entity.type: entity.id for entity in draft.entities}
    head, tail = ends.get(mapping.mark_relation.head), ends.get(mapping.mark_relation.tail)
    if isinstance(type_, str) and head and tail:
        draft.relations.append(DraftRelation("R1", type_, head, tail))

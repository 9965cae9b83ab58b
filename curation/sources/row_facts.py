"""Facts by category in a row: strings that are looked for in the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation.scoring.flat_shape import KEPT_AS, ValueForm, form
from curation.sources.draft import Draft, DraftEntity
from curation.sources.mapping import FactSource, ImportMapping
from curation.sources.paths import dig
from curation.sources.row_shapes import (
    split_facts,
)


def add_facts(draft: Draft, values: Mapping[str, Any], source: FactSource) -> None:
    """Each fact of each category, to be found in the text by its wording."""
    facts = dig(values, source.path)
    if not isinstance(facts, dict):
        return
    draft.annotated = True
    for category, value in facts.items():
        for part in value if isinstance(value, list) else [value]:
            for fact in split_facts(part, source):
                draft.entities.append(DraftEntity(f"T{len(draft.entities) + 1}", str(category), wording=fact))


def note_shape(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping, source: FactSource) -> None:
    """Keeps of what form each category's facts were, so that validation can hold it against the scheme."""
    given = dig(values, source.path)
    found: dict[str, str] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        name = _category_of(str(key), mapping)
        if name is not None:
            found[name] = (ValueForm.TWICE if name in found else form(value)).value
    if found:
        draft.notes[KEPT_AS] = found


def _category_of(key: str, mapping: ImportMapping) -> str | None:
    """The category that a mapping gives to what stands under a key; None where it leaves that out."""
    for rule in mapping.categories:
        if key in rule.types:
            return rule.category
    return mapping.rename.get(key, key)

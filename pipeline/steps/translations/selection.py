"""The translations into a language that stand, with their originals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from curation.decision import Verdict
from curation.errors import UsageError
from curation.store import Store
from pipeline.steps.translate import check_language
from pipeline.workspace import Workspace

ASIDE, NO_ORIGINAL, ONE_LANGUAGE = (
    "translations that are set aside or rejected",
    "translations whose original is not here",
    "translations in the language of their original",
)


@dataclass(frozen=True, slots=True)
class StandingTranslations:
    """originals: by a translation's id, that of its original. languages: of the originals. left_out: others, by why."""

    originals: Mapping[str, str]
    languages: tuple[str, ...]
    left_out: Mapping[str, int]


def standing_translations(store: Store, to: str) -> StandingTranslations:
    """Those of a store that stand, made here or elsewhere."""
    rejected = {id for id, decision in store.decisions().items() if decision.verdict is Verdict.REJECTED}
    into = {record.id: record.translation_of for record in store.records(language=to) if record.translation_of}
    languages = {record.id: record.language for record in store.records(dict.fromkeys(into.values()))}
    found: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for id, original in into.items():
        if id in rejected:
            left_out[ASIDE] += 1
        elif original not in languages:
            left_out[NO_ORIGINAL] += 1
        elif languages[original] == to:
            left_out[ONE_LANGUAGE] += 1
        else:
            found[id] = original
    spoken = sorted({languages[original] for original in found.values()})
    return StandingTranslations(found, tuple(spoken), dict(sorted(left_out.items())))


def required_translations(workspace: Workspace, store: Store, to: str) -> StandingTranslations:
    """`standing_translations`. Raises UsageError where none stands, and for a language that is none."""
    check_language(workspace, to)
    store.require_records()
    standing = standing_translations(store, to)
    if not standing.originals:
        raise UsageError(
            f"expected translations into {to}, got none that stand; `curate translate --to {to}` makes some"
        )
    return standing

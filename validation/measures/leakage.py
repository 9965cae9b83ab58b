"""Leakage: held-out records of the newest curated set whose content an earlier split of it already holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from curation.decision import DecisionKind
from curation.embeddings.vector_store import VectorStore
from curation.record import Record
from curation.sets.duplicates import NearDuplicate
from curation.store import Store
from validation.leakage import QUESTIONS, Leakage, find_leaks
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Whole
from validation.measures.rule import NOT_LEAKED, Rule
from validation.measures.semantic.leaks import find_retellings
from validation.measures.semantic_duplicates import SEMANTIC_DUPLICATE_OF
from validation.settings import Severity

LEAKS = MeasureColumn("leaks", "ways in which an earlier split of the newest curated set gives a held-out record away")
HELD_OUT_IN = MeasureColumn("held_out_in", "set and split that the record is held out in", Holds.WORD)
LEAKED_BY = MeasureColumn("leaked_by", "the ways, each with a record that gives it away", Holds.WORDS)


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The columns of each held-out record of the newest set, which there must be."""
    newest = whole.store.curated_sets()[-1]
    settings = whole.scope.settings
    rows: dict[str, Columns] = {}
    for split, earlier in QUESTIONS:
        held = list(_members(whole.store, newest.digest, (split,)))
        found = find_leaks(
            held,
            partial(_members, whole.store, newest.digest, earlier),
            near_duplicates=settings.duplicates.threshold,
            # Where semantic duplicates are looked for, the same cases in other words are too.
            retellings=by_meaning(whole.scope) if SEMANTIC_DUPLICATE_OF in whole.looked_at else None,
        )
        rows |= _rows(found, [record.id for record in held], f"{newest.name}@{newest.version} {split}")
    return rows


def no_set(whole: Whole) -> str:
    """That no set is frozen, "" when one is."""
    return "" if whole.store.curated_sets() else "nothing applies: no set is frozen"


def by_meaning(scope: Scope) -> Callable[[Sequence[Record], Iterable[Record]], list[NearDuplicate]]:
    """The search for the same cases in other words, with the encoder and the limit of the settings."""
    return partial(
        find_retellings,
        encoder=scope.encoder,
        minimum=scope.settings.duplicates.semantic,
        store=VectorStore(scope.vectors) if scope.vectors else None,
    )


def _members(store: Store, digest: str, splits: Iterable[str]) -> Iterator[Record]:
    for split in splits:
        yield from (record for _, record, _ in store.set_members(digest, split=split))


def _rows(found: Leakage, held: Iterable[str], split: str) -> dict[str, Columns]:
    ways: dict[str, list[str]] = {record_id: [] for record_id in held}
    for leak in found.leaks:
        ways[leak.record].append(f"{leak.way.value}: {leak.other}")
    return {
        record_id: {LEAKS: len(leaked_by), HELD_OUT_IN: split, LEAKED_BY: list(leaked_by)}
        for record_id, leaked_by in ways.items()
    }


LEAKAGE = MeasureSpec(
    name="leakage",
    version=2,
    of=DecisionKind.TEXT,
    columns=(LEAKS, HELD_OUT_IN, LEAKED_BY),
    rules=(
        Rule(
            "no_leakage",
            LEAKS,
            "Nothing in an earlier split of the newest curated set gives a held-out record away.",
            expects=NOT_LEAKED,
            severity=Severity.SOFT,
            beside=(HELD_OUT_IN, LEAKED_BY),
        ),
    ),
    settings=("duplicates.threshold", "duplicates.semantic", "similarity.encoder"),
    lacks=no_set,
    over=measure,
)

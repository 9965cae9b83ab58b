"""Whether a curated set already holds its own held-out records, or those of another test set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from pydantic import JsonValue

from curation.egress.gate import Gate
from curation.errors import UsageError
from curation.record import Record
from curation.sets.split import SPLITS
from curation.store import Store
from pipeline.egress import gate_of
from pipeline.runs import recorded_where_possible
from pipeline.steps.freeze import chosen_set
from pipeline.workspace import Workspace
from validation.leakage import PASSAGES, QUESTIONS, Leakage, find_leaks
from validation.measures.leakage import by_meaning
from validation.measures.measure import VECTORS, Scope

#: The command whose runs cards look through, and the key of their outcome that holds what was found.
COMMAND, FOUND = "leakage", "leakage"


def leakage(
    workspace: Workspace,
    store: Store,
    name: str | None = None,
    *,
    test: str | None = None,
    test_source: str | None = None,
    passages: float | None = None,
    semantic: bool = False,
) -> dict[str, Leakage]:
    """What leaked, by the question that was asked: each held-out split of the set, or one other test set.

    test: a curated set; test_source: the store's records of a source. All splits of the named set (the newest
    one by default) count as seen by it then. semantic: also look for the same cases in other words, for which every
    sentence is encoded once. Raises UsageError when there is no such set, or nothing to compare.
    """
    if test and test_source:
        raise UsageError("expected one of --test and --test-source, got both")
    frozen = chosen_set(store, name)
    least = PASSAGES if passages is None else passages
    if not 0 < least <= 1:
        raise UsageError(f"expected --passages above 0 and at most 1, got {least:g}")
    inputs: dict[str, JsonValue] = {"set": frozen.digest, "test": test, "test_source": test_source}
    # The cards of the set tell what the latest run has found.
    with recorded_where_possible(workspace, store, COMMAND, **inputs, passages=least, semantic=semantic) as outcome:
        gate = gate_of(workspace, store, run=outcome.run or None)
        found = _found(workspace, store, gate, frozen.digest, name, test, test_source, least, semantic=semantic)
        counts = {question: leaked.as_json() for question, leaked in found.items()}
        outcome[FOUND] = {
            question: {key: count for key, count in json.items() if key != "leaks"} for question, json in counts.items()
        }
    return found


def _found(
    workspace: Workspace,
    store: Store,
    gate: Gate,
    digest: str,
    name: str | None,
    test: str | None,
    test_source: str | None,
    least: float,
    *,
    semantic: bool,
) -> dict[str, Leakage]:
    near = workspace.config.validation.duplicates.threshold
    scope = Scope(workspace.scheme, workspace.config.validation, workspace.folder / VECTORS, gate)
    retellings = by_meaning(scope) if semantic else None
    ask = partial(find_leaks, near_duplicates=near, passages=least, retellings=retellings)
    if test or test_source:
        held = _of_set(store, store.curated_set(test).digest) if test else _of_source(store, test_source or "")
        found = ask(held, partial(_of_set, store, digest))
        if not found.held:
            raise UsageError(f"expected records to look for, found none of the source {test_source!r}")
        return {f"{test or test_source} against {name or 'the newest set'}": found}
    questions = {
        f"{split} against {' and '.join(earlier)}": ask(
            _of_set(store, digest, (split,)), partial(_of_set, store, digest, earlier)
        )
        for split, earlier in QUESTIONS
    }
    if not any(found.held for found in questions.values()):
        raise UsageError("expected held-out records, the set has none: its splits validation and test are empty")
    return questions


def _of_set(store: Store, digest: str, splits: Iterable[str] = SPLITS) -> Iterator[Record]:
    for split in splits:
        yield from (record for _, record, _ in store.set_members(digest, split=split))


def _of_source(store: Store, source: str) -> Iterator[Record]:
    return (record for record in store.records() if record.source == source)

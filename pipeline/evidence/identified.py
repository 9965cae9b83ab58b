"""What was found in the texts of a set that identifies people, and which policy was in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from pydantic import JsonValue

from curation.store import Store
from exports.evidence import EvidenceTable, TracedFigure, rows_of
from exports.writer import ExportedSet
from pipeline.evidence.run_figures import DoneRuns
from validation.measures.privacy import IDENTIFIER_COUNT, IDENTIFIER_KINDS
from validation.stage import Measure


def identified(store: Store, runs: DoneRuns, view: ExportedSet, ids: Collection[str]) -> dict[str, EvidenceTable]:
    """The search on the way out with its policy, and what validation has found by kind."""
    return {"identifiers": _searched(view), "identifiers by kind": _by_kind(store, runs, ids, view.scope)}


def _searched(view: ExportedSet) -> EvidenceTable:
    """What the newest line of the audit log says of the way on which the set leaves."""
    if view.passage is None:
        return EvidenceTable(not_measured="identifiers; `curate export` looks for them")
    destination = view.passage.destination.value
    values: dict[str, tuple[JsonValue, str]] = {
        "records": (view.curated.records, "texts"),
        "with identifiers": (view.with_identifiers, "with_identifiers"),
        "privacy policy": (view.passage.policy.value, "policy"),
    }
    row = {
        name: TracedFigure(value=value, source=rows_of("egress", destination=destination, column=column))
        for name, (value, column) in values.items()
    }
    return EvidenceTable(head="search for identifiers", rows={f"this {destination}": row})


def _by_kind(store: Store, runs: DoneRuns, ids: Collection[str], scope: Mapping[str, str]) -> EvidenceTable:
    searched, identifiers, records = 0, Counter[str](), Counter[str]()
    for _, found in store.measures(sorted(ids), stage=Measure.name):
        searched += found.get(IDENTIFIER_COUNT) is not None
        kinds = found.get(IDENTIFIER_KINDS)
        for counted in kinds if isinstance(kinds, list) else ():
            kind, _, count = str(counted).partition(": ")
            identifiers[kind] += int(count)
            records[kind] += 1
    if not searched:
        return EvidenceTable(not_measured="identifiers by kind; `curate validate` counts them")
    run = next(runs.of("validate"), None)
    known = {"run": run.id, "date": run.started} if run else {}

    def figure(value: int, **which: str) -> TracedFigure:
        return TracedFigure(value=value, source=rows_of("measures", **scope, **which), **known)

    rows = {"texts searched by validation": {"records": figure(searched, column=IDENTIFIER_COUNT)}}
    rows |= {
        kind: {
            "records": figure(records[kind], column=IDENTIFIER_KINDS, kind=kind, counts="records"),
            "identifiers": figure(count, column=IDENTIFIER_KINDS, kind=kind, counts="identifiers"),
        }
        for kind, count in sorted(identifiers.items())
    }
    return EvidenceTable(head="kind of identifier", rows=rows)

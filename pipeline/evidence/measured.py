"""All that was measured of an exported set, table by table."""

from __future__ import annotations

from curation.store import Store
from curation.store.runs import Run
from exports.evidence import EvidenceTable
from exports.writer import ExportedSet, Members
from pipeline.evidence.compared import drifted, duplicates, leaked
from pipeline.evidence.identified import identified
from pipeline.evidence.reviewed import agreed, reviewed
from pipeline.evidence.run_figures import DoneRuns, found_in
from pipeline.evidence.trained import evaluated, trained
from pipeline.evidence.validated import validated


def measured(store: Store, whole: Members, view: ExportedSet) -> dict[str, EvidenceTable]:
    """The tables of a set by their names; reads its members once, and the manifests of all runs.

    whole: its members with their layers as the store has them, whose versions verdicts are of.
    """
    members: dict[str, tuple[str, str]] = {}
    authors: set[str] = set()
    for split in view.curated.splits:
        for record, layer in whole(split):
            members[record.id] = (layer.name, layer.digest)
            authors.add(layer.author)
    runs, digest = DoneRuns(store), view.curated.digest
    return {
        "reviewed": reviewed(store, members.keys(), view.scope),
        **agreed(store, runs, members.keys()),
        **validated(store, runs, members, view.scope),
        "duplicates": duplicates(view),
        "leakage": leaked(runs, digest),
        **drifted(runs, digest),
        **trained(runs, view),
        "layer": evaluated(runs, view, authors),
        **identified(store, runs, view, members.keys()),
    }


def frozen_by(store: Store, digest: str) -> tuple[int, str] | None:
    """The run that froze the set first, and when."""
    found: list[Run] = [run for run in DoneRuns(store).of("freeze") if found_in(run, "outcome", "digest") == digest]
    return (found[-1].id, found[-1].started) if found else None

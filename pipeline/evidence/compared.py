"""Duplicates within a set, leaks between its splits, and how it differs from other records."""

from __future__ import annotations

from exports.evidence import EvidenceTable, TracedFigure, path_of
from exports.writer import ExportedSet
from pipeline.evidence.run_figures import DoneRuns, figure_of, found_in
from pipeline.steps.leakage import COMMAND as LEAKAGE
from validation.report.drift import COMMAND as DRIFT


def duplicates(view: ExportedSet) -> EvidenceTable:
    """The near-duplicates that freezing found and kept together."""
    manifest = view.curated.manifest
    title = "Duplicates and leakage"
    if view.unreviewed or "near_duplicate_clusters" not in manifest:
        return EvidenceTable(title=title, not_measured="near-duplicates; `curate freeze` looks for them")
    run, date = view.frozen_by or (None, None)

    def figure(*path: str) -> TracedFigure:
        value: object = manifest
        for name in path:
            assert isinstance(value, dict)
            value = value[name]
        assert isinstance(value, int | float)
        return TracedFigure(
            value=value, source=path_of("sets", view.curated.digest, "manifest", *path), run=run, date=date
        )

    rows = {
        "clusters of near-duplicates, each in one split": {"figure": figure("near_duplicate_clusters")},
        "similarity from which texts are near-duplicates": {"figure": figure("split", "near_duplicates")},
        "groups of records that are never divided": {"figure": figure("bundles")},
    }
    return EvidenceTable(title=title, head="in all splits", rows=rows)


def leaked(runs: DoneRuns, digest: str) -> EvidenceTable:
    """What the latest `curate leakage` found between the splits of the set."""
    asked = {"set": digest, "test": None, "test_source": None}
    run = next(
        (run for run in runs.of(LEAKAGE) if {name: found_in(run, "inputs", name) for name in asked} == asked), None
    )
    if run is None:
        return EvidenceTable(not_measured="leakage between splits; `curate leakage` looks for it")
    of = ("outcome", LEAKAGE)
    rows = {
        question: {
            "held out": figure_of(run, *of, question, "held_out"),
            "leaked": figure_of(run, *of, question, "leaked"),
            **{way: figure_of(run, *of, question, "ways", way) for way in found_in(run, *of, question, "ways")},
        }
        for question in found_in(run, *of)
    }
    return EvidenceTable(head="leakage", rows=rows)


def drifted(runs: DoneRuns, digest: str) -> dict[str, EvidenceTable]:
    """The latest comparisons of other records with the set, and of the set with another one."""
    title = "Drift"
    found: dict[tuple[object, ...], EvidenceTable] = {}
    for run in runs.of(DRIFT):
        digests = {side: found_in(run, "outcome", "digests", side) for side in ("against", "batch")}
        asked = (found_in(run, "outcome", "against"), *(found_in(run, "inputs", name) for name in ("source", "batch")))
        if digest not in digests.values() or asked in found:
            continue
        of = ("outcome", "drift", "features")
        rows = {
            str(feature["feature"]): {
                name: figure_of(run, *of, number, name) for name in ("drifted", "magnitude", "corrected")
            }
            for number, feature in enumerate(found_in(run, *of))
        }
        sides = {
            "records": figure_of(run, "outcome", "drift", "after"),
            "against": figure_of(run, "outcome", "drift", "before"),
        }
        other = asked[2] or asked[1] or "records outside the set"
        head = f"{other} against {asked[0]}"
        found[asked] = EvidenceTable(title="" if found else title, head=str(head), rows={"records": sides, **rows})
    if not found:
        why = "`curate drift --against SET` compares other records with it"
        return {"drift": EvidenceTable(title=title, not_measured=why)}
    return {f"drift {number}" if number else "drift": table for number, table in enumerate(found.values())}

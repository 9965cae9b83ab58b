"""Who has looked at the records of a set, and how far people agreed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from curation.author import is_human
from curation.batches import batched
from curation.store import Store
from curation.store.engine import CHUNK
from curation.store.runs import Run
from exports.evidence import EvidenceTable, TracedFigure, column, rows_of
from exports.pseudonyms import PERSON
from pipeline.evidence.run_figures import DoneRuns, figure_of, found_in

AGREEMENT = "review agreement"
#: Agreement by the names of cards, and where a run's manifest has it below the agreement.
FIGURES = {
    "F1 of pairs, strict": ("pairs", "strict"),
    "F1 of pairs, lenient": ("pairs", "lenient"),
    "Cohen's kappa of pairs": ("pairs", "kappa"),
    "Fleiss' kappa of all": ("everybody", "fleiss"),
    "Krippendorff's alpha of all": ("everybody", "alpha"),
}


def reviewed(store: Store, ids: Collection[str], scope: Mapping[str, str]) -> EvidenceTable:
    """How many records people have marked or decided about, and how many nobody has looked at."""
    marked = marked_by_people(store, ids)
    decisions = store.latest_decisions(sorted(ids))
    decided = {found.record_id: found.created for found in decisions if found.is_by_a_person}
    marks = [at for people in marked.values() for at in people.values()]
    looked_at = max((*marks, *decided.values()), default=None)

    def figure(value: int, newest: datetime | None, **which: object) -> TracedFigure:
        date = newest.isoformat() if newest else None
        return TracedFigure(value=value, source=rows_of("records", **scope, **which), date=date)

    several = sum(len(people) > 1 for people in marked.values())
    unreviewed = set(ids) - marked.keys() - decided.keys()
    figures = {
        "marked by a person": figure(len(marked), max(marks, default=None), marked_by=1),
        "marked by two or more people": figure(several, max(marks, default=None), marked_by=2),
        "decided about by a person": figure(len(decided), max(decided.values(), default=None), decided_by=PERSON),
        "nobody has looked at: unreviewed": figure(len(unreviewed), looked_at, looked_at_by="nobody"),
    }
    return EvidenceTable(title="Who looked at it", head="records that were", rows=column("records", figures))


def agreed(store: Store, runs: DoneRuns, ids: Collection[str]) -> dict[str, EvidenceTable]:
    """The latest agreement between people: of all their records, with how many of the set's are among them."""
    title = "Agreement between annotators"
    marked = marked_by_people(store, ids)
    several = sum(len(people) > 1 for people in marked.values())
    if not several:
        why = "no two people have marked the same record of this set"
        return {"agreement": EvidenceTable(title=title, not_measured=why)}
    run = next((run for run in runs.of(AGREEMENT) if found_in(run, "outcome", "agreement")), None)
    if run is None:
        return {"agreement": EvidenceTable(title=title, not_measured="`curate review agreement` measures it")}
    of = ("outcome", "agreement")
    rows = {name: _row(run, *of, *path) for name, path in FIGURES.items()}
    categories = sorted(found_in(run, *of, "pairs", "per_category") or ())
    later = sum(at > datetime.fromisoformat(run.started) for people in marked.values() for at in people.values())
    notes = [
        f"Of all records that two or more people had marked by then; {several} of this set are among such records."
    ]
    notes += [f"{later} layers of people on records of this set are newer than these figures."] if later else []
    return {
        "agreement": EvidenceTable(title=title, head="figure", rows=rows, notes=tuple(notes)),
        "agreement by category": EvidenceTable(
            head="category",
            rows={
                name: {
                    "F1, strict": figure_of(run, *of, "pairs", "per_category", name, "strict", "value"),
                    "kappa": figure_of(run, *of, "pairs", "per_category", name, "kappa", "value"),
                }
                for name in categories
            },
        ),
    }


def _row(run: Run, *path: object) -> dict[str, TracedFigure]:
    return {
        name: figure_of(run, *path, at)
        for name, at in (("value", "value"), ("95 %", "interval"), ("records", "records"))
    }


def marked_by_people(store: Store, ids: Collection[str]) -> dict[str, dict[str, datetime]]:
    """When each person has last marked each record, by record and layer."""
    names = [name for name in store.layer_names() if is_human(name)]
    found: dict[str, dict[str, datetime]] = {}
    for batch in batched(sorted(ids) if names else (), CHUNK):
        for save in store.layer_saves(names, ids=batch):
            found.setdefault(save.record_id, {})[save.name] = save.created
    return found

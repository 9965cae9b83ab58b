"""How good the adapters are that were trained on a set, and how good its layer is against another."""

from __future__ import annotations

from collections.abc import Collection

from curation.author import AuthorKind, author_name
from curation.store.runs import Run
from curation.tagging.folder import revision_of
from exports.evidence import EvidenceTable, TracedFigure
from exports.writer import ExportedSet
from pipeline.evidence.run_figures import DoneRuns, figure_of, found_in
from pipeline.runs import sets_of

SCORES = ("outcome", "scores")
#: The scores by the names of cards, and where they are below the scores of a run.
MICRO: dict[str, tuple[str, ...]] = {
    "strict F1": ("strict", "micro", "f1"),
    "95 %": ("strict", "micro", "f1_interval"),
    "lenient F1": ("lenient", "micro", "f1"),
}


def trained(runs: DoneRuns, view: ExportedSet) -> dict[str, EvidenceTable]:
    """The adapters that were trained on the set, with their scores on its validation split and in evaluations."""
    title, digest = "Adapters trained on it", view.curated.digest
    made: dict[str, Run] = {}
    for run in runs.of("train"):
        if digest in sets_of(found_in(run, "inputs") or {}) and (author := adapter_author(run)) is not None:
            made.setdefault(author, run)
    if not made:
        return {"adapters": EvidenceTable(title=title, not_measured="`curate train` trains one")}
    adapters = EvidenceTable(
        title=title,
        head="adapter",
        rows={author: _training(run, digest) for author, run in sorted(made.items())},
        notes=("Scores on the validation split chose the checkpoint, so that they flatter it.",),
    )
    return {"adapters": adapters, "evaluations": _evaluations(runs, view, made)}


def adapter_author(run: Run) -> str | None:
    """The author of the layers of the adapter that a run of training has made."""
    parts = ("name", "weights_digest", "details")
    name, weights, details = (found_in(run, "outcome", "manifest", part) for part in parts)
    if not (name and weights):
        return None
    return author_name(AuthorKind.ADAPTER, str(name), revision=revision_of(str(weights), details or {}))


def _training(run: Run, digest: str) -> dict[str, TracedFigure]:
    """What an adapter is; of one that learnt from several sets, how much of it from the set of this digest."""
    of = ("outcome", "manifest")
    metrics = found_in(run, *of, "metrics", "validation") or {}
    rows = {
        "model": figure_of(run, *of, "model"),
        "kind": figure_of(run, *of, "kind"),
        "base model": figure_of(run, *of, "base_model"),
        "training records": figure_of(run, *of, "training", "records"),
        "oracle recall": figure_of(run, *of, "training", "view", "oracle"),
    }
    for number, found in enumerate(found_in(run, *of, "training", "sets") or ()):
        if found["digest"] == digest:
            rows["of this set"] = figure_of(run, *of, "training", "sets", number, "records", "train")
    if "strict" in metrics:
        rows["validation strict F1"] = figure_of(run, *of, "metrics", "validation", "strict", "micro", "f1")
        rows["lenient F1"] = figure_of(run, *of, "metrics", "validation", "lenient", "micro", "f1")
    return rows


def _evaluations(runs: DoneRuns, view: ExportedSet, authors: Collection[str]) -> EvidenceTable:
    """The latest evaluation of each adapter on each split of the set; those on other records are counted."""
    rows: dict[str, dict[str, TracedFigure]] = {}
    elsewhere = 0
    for run in runs.of("evaluate"):
        measured = found_in(run, "outcome", "authors") or []
        if len(measured) != 1 or measured[0] not in authors:
            continue
        if found_in(run, "outcome", "set_digest") != view.curated.digest:
            elsewhere += 1
            continue
        split = found_in(run, "inputs", "split")
        gold = " or ".join(map(view.nameless, found_in(run, "inputs", "gold") or ()))
        for name, scores in _by_language(run).items():
            rows.setdefault(f"{measured[0]} against {gold}, {split}{name}", scores)
    notes = (
        (f"{elsewhere} evaluations of these adapters on other records or other sets are left out.",)
        if elsewhere
        else ()
    )
    if not rows:
        why = "evaluations of these adapters on this set; `curate evaluate --set` measures them"
        return EvidenceTable(not_measured=why, notes=notes)
    return EvidenceTable(head="evaluation", rows=dict(sorted(rows.items())), notes=notes)


def evaluated(runs: DoneRuns, view: ExportedSet, authors: Collection[str]) -> EvidenceTable:
    """The latest evaluation of the layer that is exported, as its authors are now, against each reference."""
    title, layer = "The layer against others", view.curated.manifest["layer"]
    rows: dict[str, dict[str, TracedFigure]] = {}
    for run in runs.of("evaluate"):
        same = set(found_in(run, "outcome", "authors") or ()) == set(authors)
        if found_in(run, "inputs", "predicted") != layer or not same:
            continue
        where = found_in(run, "outcome", "reference", "of")
        gold = " or ".join(map(view.nameless, found_in(run, "inputs", "gold") or ()))
        for name, scores in _by_language(run).items():
            rows.setdefault(f"against {gold}, {where}{name}", scores)
    if not rows:
        return EvidenceTable(title=title, not_measured="`curate evaluate --predicted LAYER` measures it")
    return EvidenceTable(title=title, head="evaluation", rows=rows)


def _by_language(run: Run) -> dict[str, dict[str, TracedFigure]]:
    """The scores over all records, and by language where there are several."""
    languages = found_in(run, "outcome", "languages") or {}
    places: dict[str, tuple[str, ...]] = {"": SCORES}
    if len(languages) > 1:
        places |= {f", {name}": ("outcome", "languages", name) for name in sorted(languages)}
    return {
        name: {
            "records": figure_of(run, *place, "records"),
            **{title: figure_of(run, *place, *path) for title, path in MICRO.items()},
        }
        for name, place in places.items()
    }

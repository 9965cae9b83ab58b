"""Two layers, or two earlier evaluations, against the same reference: each figure of both, paired by document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from curation.author import GOLD
from curation.errors import UsageError, unknown_name
from curation.scheme_change import refuse_foreign
from curation.scoring.document_file import CountedDocument, DocumentIndex, counted_document, read_documents
from curation.scoring.entities import Resampling
from curation.scoring.paired import Comparison, PairedTallies, compare
from curation.scoring.scores import WITH_MODELS, DocumentScorer, ScoredDocument
from curation.store import Store
from pipeline.adapters import with_layer
from pipeline.measured_records import MeasuredRecords, OnlyRecords, survey
from pipeline.runs import recorded
from pipeline.seen_records import seen_records
from pipeline.steps.evaluate import author_notes, foreign_of, require_measured, split_of, unlearnt
from pipeline.workspace import Workspace

#: The number of a run of `curate evaluate`.
RUN = re.compile(r"(?:run:)?0*(\d+)")


@dataclass(frozen=True, slots=True)
class ComparedLayers:
    """The differences of all figures over the documents that both sides have, and in each language."""

    a: str
    b: str
    against: str
    whole: Comparison
    languages: Mapping[str, Comparison] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts and the manifest."""
        return {
            "a": self.a,
            "b": self.b,
            "against": self.against,
            **self.whole.model_dump(mode="json"),
            "languages": {name: found.model_dump(mode="json") for name, found in self.languages.items()},
            "notes": list(self.notes),
        }


def compare_layers(
    workspace: Workspace,
    store: Store,
    *,
    a: str,
    b: str,
    gold: Sequence[str] = (GOLD,),
    curated: str | None = None,
    split: str | None = None,
    training_records: bool = False,
    asked: Sequence[str] = (),
) -> ComparedLayers:
    """Two layers against gold, or two runs of `curate evaluate` by their numbers, over the documents of both.

    Options as for `evaluate_layer`; records that either author has learnt from are left out. Raises UsageError for what
    is neither two layers nor two runs, for a run that left no documents, and where the two have none in common.
    """
    runs = [RUN.fullmatch(name) if name not in store.layer_names() else None for name in (a, b)]
    inputs: dict[str, JsonValue] = {"a": a, "b": b, "gold": list(gold), "set": curated, "split": split}
    with recorded(workspace, store, "compare", **inputs) as outcome:
        if all(runs):
            numbers = [int(found[1]) for found in runs if found]
            found = _of_runs(workspace, store, *numbers)
        elif any(runs):
            raise UsageError(f"expected two layers or the numbers of two evaluations, got {a} and {b}")
        else:
            split = split_of(curated, split)
            found = _of_layers(workspace, store, (a, b), gold, curated, split, training_records, asked)
        outcome |= found.as_json()
    return found


def _of_layers(
    workspace: Workspace,
    store: Store,
    named: tuple[str, str],
    gold: Sequence[str],
    curated: str | None,
    split: str | None,
    training_records: bool,
    asked: Sequence[str],
) -> ComparedLayers:
    for name in asked:
        if name not in WITH_MODELS:
            raise unknown_name("a score that needs a model", name, WITH_MODELS)
    a, b = (with_layer(store, name) for name in named)
    if a == b:
        raise UsageError(f"expected two layers to compare, got {a} twice")
    store.require_layers((*gold, a, b))
    with store.snapshot() as known:
        records = MeasuredRecords(known, gold, (a, b), curated, split)
        found = survey(records, workspace.scheme)
        for name in (a, b):
            require_measured(found, name)
        seen = seen_records(workspace, store, found.authors.values(), OnlyRecords(records))
        left_out = {} if training_records else seen.taught
        reference = unlearnt(found, f"{a} or {b}", seen, left_out)
        refuse_foreign(foreign_of(found, reference), workspace.scheme)

        def documents(name: str) -> Iterator[ScoredDocument]:
            for record, layer, layers, _ in records:
                if layer is not None and record.id in reference.chosen:
                    yield ScoredDocument(record, layer, layers.get(name))

        scorer = DocumentScorer(
            workspace.scheme,
            settings=workspace.config.curation.scoring,
            asked=asked,
            languages=sorted(found.languages),
            documents=lambda: documents(a),
            root=workspace.folder,
        )
        first, second = (scorer.counted(documents(name)) for name in (a, b))
        pairs = (
            (counted_document(document.record, ours), counted_document(document.record, theirs))
            for (document, ours), (_, theirs) in zip(first, second, strict=True)
        )
        whole, languages = _compared(pairs, workspace.config.review.agreement.minimum_records)
    notes = [f"Reference: {reference}."]
    for name in (a, b):
        if missing := len(found.reference.chosen) - found.measured[name]:
            notes.append(f"{missing} records have no layer {name}: they count as empty.")
    if reference.without:
        notes.append(f"{reference.without} records have no such reference and are not measured.")
    notes += author_notes(reference, found, seen, len(left_out))
    return ComparedLayers(a, b, " or ".join(reference.layers), whole, languages, notes)


def _of_runs(workspace: Workspace, store: Store, a: int, b: int) -> ComparedLayers:
    if a == b:
        raise UsageError(f"expected two runs to compare, got {a} twice")
    files, names, golds, schemes = [], [], [], []
    runs = {run.manifest.get("run"): run for run in store.runs()}
    for number in (a, b):
        run = runs.get(number)
        outcome = run.manifest.get("outcome") if run else None
        path = outcome.get("documents") if isinstance(outcome, dict) else None
        if run is None or not isinstance(path, str) or not Path(path).is_file():
            raise UsageError(
                f"expected the number of a run of curate evaluate whose documents are still there, got {number}; "
                "the name of its report ends with it"
            )
        inputs = run.manifest.get("inputs")
        assert isinstance(inputs, dict)
        assert isinstance(outcome, dict)
        reference = outcome.get("reference")
        files.append(Path(path))
        names.append(f"{inputs.get('predicted')} (run {number})")
        golds.append(str(reference.get("layers") if isinstance(reference, dict) else ""))
        schemes.append(str(run.manifest.get("scheme")))
    notes = []
    if schemes[0] != schemes[1]:
        raise UsageError("expected two evaluations by the same scheme, the scheme was changed between them")
    if golds[0] != golds[1]:
        notes.append("The two runs have references of other layers or numbers: read the difference with care.")
    first = DocumentIndex(files[0])
    only_second = 0

    def shared() -> Iterator[tuple[CountedDocument, CountedDocument]]:
        nonlocal only_second
        for ours, theirs in first.documents(read_documents(files[1])):
            if ours is None:
                only_second += 1
            else:
                yield ours, theirs

    whole, languages = _compared(shared(), workspace.config.review.agreement.minimum_records)
    if not whole.documents:
        raise UsageError(f"expected evaluations of the same documents, runs {a} and {b} have none in common")
    if only_second or len(first) > whole.documents:
        notes.append(
            f"{len(first) - whole.documents} documents are only in run {a}, {only_second} only in run {b}: left out."
        )
    return ComparedLayers(names[0], names[1], "the reference of each run", whole, languages, notes)


def _compared(
    pairs: Iterator[tuple[CountedDocument, CountedDocument]], minimum_records: int
) -> tuple[Comparison, dict[str, Comparison]]:
    """Over all documents, and in each language where there are several."""
    whole, languages = PairedTallies(), dict[str, PairedTallies]()
    for first, second in pairs:
        for tallies in (whole, languages.setdefault(first.language, PairedTallies())):
            tallies.add(first.group, first.counts, second.counts)
    resampling = Resampling(minimum_records)
    found = compare(whole, resampling=resampling)
    several = len(languages) > 1
    by_language = {
        language: compare(tallies, resampling=resampling) if several else found
        for language, tallies in sorted(languages.items())
    }
    return found, by_language

"""One layer measured against another, over the store or over a frozen split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from curation.atomic_file import replaced
from curation.author import GOLD
from curation.errors import UsageError, unknown_name
from curation.path_name import folder_name
from curation.private_files import made_private
from curation.scheme_change import refuse_foreign
from curation.scoring.document_file import DOCUMENTS_FILE, document_line
from curation.scoring.entities import Resampling
from curation.scoring.scores import WITH_MODELS, ScoredDocument
from curation.sets.split import SPLITS
from curation.store import Store
from pipeline.adapters import with_layer
from pipeline.measured_records import MeasuredRecords, OnlyRecords, Reference, Survey, survey
from pipeline.runs import recorded
from pipeline.seen_records import SeenRecords, seen_records
from pipeline.training_material import own_names
from pipeline.workspace import Workspace
from training.evaluate import EvaluationReport, evaluate_documents
from training.report import write_report
from training.set_mapping import common_scheme

#: The split to measure on where none is named.
MEASURED = "test"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures, the page that shows them, and what they rest on."""

    report: EvaluationReport
    html: Path
    reference: Reference
    seen: SeenRecords = field(default_factory=SeenRecords)
    left_out: int = 0  # records that the measured layer's author had learnt from
    run: int = 0  # its number, by which it is compared with another

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts."""
        found: dict[str, JsonValue] = self.report.to_json()
        return found | {
            "report": str(self.html),
            "run": self.run,
            "reference": self.reference.as_json(),
            "training_records": _seen_json(self.seen, self.left_out),
        }


def evaluate_layer(
    workspace: Workspace,
    store: Store,
    *,
    gold: str | Sequence[str] = GOLD,
    predicted: str,
    curated: str | None = None,
    split: str | None = None,
    training_records: bool = False,
    asked: Sequence[str] = (),
    mapping: Path | None = None,
) -> Evaluation:
    """The latest predicted layers against gold: the layer of that name, of several the first that a record has.

    With a set, over the records of one split, by default MEASURED; a layer that is the frozen one is taken as it was
    frozen. A set that annotates a part of the scheme, or with a mapping, is measured by its own names; what is
    predicted beside them is left out, and counted. Records that the predicted layer's author has learnt from are left
    out, unless ``training_records`` asks for them. asked: scores that need a model, of WITH_MODELS. What each record
    adds to the figures is kept beside the report, for `curate compare`. Raises UsageError for unknown layers, splits,
    names and scores, for a split or a mapping without a set, and where nothing is left.
    """
    split = split_of(curated, split)
    if mapping and not curated:
        raise UsageError(f"expected --set NAME with --mapping {mapping}: it names what the set's names are called")
    for name in asked:
        if name not in WITH_MODELS:
            raise unknown_name("a score that needs a model", name, WITH_MODELS)
    predicted = with_layer(store, predicted)
    references = (gold,) if isinstance(gold, str) else tuple(gold)
    inputs: dict[str, JsonValue] = {"gold": list(references), "predicted": predicted, "set": curated, "split": split}
    if asked:
        inputs["with"] = list(asked)
    with recorded(workspace, store, "evaluate", **inputs) as outcome:
        store.require_layers((*references, predicted))
        with store.snapshot() as known:
            own = own_names(workspace, known, known.curated_set(curated), mapping) if curated else None
            scheme = common_scheme([own]) if own else workspace.scheme
            records = MeasuredRecords(known, references, (predicted,), curated, split, own)
            found = survey(records, scheme)
            require_measured(found, predicted)
            seen = seen_records(workspace, store, found.authors.values(), OnlyRecords(records))
            left_out = {} if training_records else seen.taught
            reference = unlearnt(found, predicted, seen, left_out)
            refuse_foreign(foreign_of(found, reference), scheme)

            def documents() -> Iterator[ScoredDocument]:
                for record, layer, layers, _ in records:
                    if layer is not None and record.id in reference.chosen:
                        yield ScoredDocument(record, layer, layers.get(predicted))

            folder = workspace.subfolder("reports") / folder_name(f"evaluation-{predicted}-{outcome.run:05d}")
            made_private(folder)
            with (
                replaced(folder / DOCUMENTS_FILE) as unfinished,
                unfinished.open("w", encoding="utf-8") as stream,
            ):
                report = evaluate_documents(
                    documents,
                    scheme,
                    languages=found.languages,
                    resampling=Resampling(workspace.config.review.agreement.minimum_records),
                    settings=workspace.config.curation.scoring,
                    asked=asked,
                    root=workspace.folder,
                    on_document=lambda document, counts: stream.write(document_line(document.record, counts) + "\n"),
                )
        missing = report.entities.missing
        others = _notes(reference, found, missing, seen, len(left_out))
        notes = (f"Reference: {reference}.", *_own_notes(records), *others, *report.notes)
        report = report.model_copy(update={"notes": notes})
        files = write_report(report, folder, scheme=scheme)
        outcome |= {
            "report": str(files.page),
            "documents": str(folder / DOCUMENTS_FILE),
            "reference": reference.as_json(),
            "training_records": _seen_json(seen, len(left_out)),
            "set_digest": store.curated_set(curated).digest if curated else None,
            "authors": list(report.predicted),
            "scores": report.entities.to_json(),
            "languages": {name: scores.entities.to_json() for name, scores in report.languages.items()},
        }
        if report.labels:
            outcome["labels"] = {name: scores.model_dump(mode="json") for name, scores in report.labels.items()}
        if report.relations:
            outcome["relations"] = report.relations.model_dump(mode="json")
    return Evaluation(report, files.page, reference, seen, len(left_out), outcome.run)


def split_of(curated: str | None, split: str | None) -> str | None:
    """The split to measure on. Raises UsageError for one that there is not, or without a set."""
    if split is not None and split not in SPLITS:
        raise unknown_name("a split", split, SPLITS)
    if split is not None and curated is None:
        raise UsageError(f"expected --set NAME with --split {split}: only curated sets are split")
    return split or MEASURED if curated else None


def require_measured(found: Survey, predicted: str) -> None:
    """Raises UsageError when no record with a reference has the layer."""
    if not found.measured[predicted]:
        raise UsageError(f"expected a layer {predicted} on these records, none of them has it")


def unlearnt(found: Survey, predicted: str, seen: SeenRecords, left_out: Mapping[str, str]) -> Reference:
    """The reference on the records that are not left out. Raises UsageError when there are none."""
    if len(left_out) == len(found.reference.chosen):
        authors = ", ".join(sorted(set(seen.taught.values())))
        raise UsageError(
            f"expected records that {predicted} has not learnt from, got {len(left_out)}, all of them training records "
            f"of {authors}; --training-records measures them all the same"
        )
    return found.reference.without_records(left_out)


def foreign_of(found: Survey, reference: Reference) -> Counter[str]:
    """How often the layers that are measured use each name that the scheme does not have."""
    return sum((counts for id, counts in found.foreign.items() if id in reference.chosen), Counter[str]())


def _own_notes(records: MeasuredRecords) -> list[str]:
    """By which names is measured, where a set does not annotate the whole scheme."""
    if records.own is None:
        return []
    scope = records.own.scope
    names = ", ".join(sorted({*scope.categories, *scope.labels, *scope.relations}))
    left_out = ", ".join(f"{count:,} {category}" for category, count in sorted(records.beside.items()))
    return [f"Measured by what {scope.of} annotates: {names}. Predicted beside it and left out: {left_out or 'none'}."]


def _notes(reference: Reference, found: Survey, missing: int, seen: SeenRecords, left_out: int) -> list[str]:
    """What a reader of the figures has to know, a sentence each."""
    notes = []
    if reference.without:
        notes.append(f"{reference.without} records have no such layer and are not measured.")
    if missing:
        notes.append(f"{missing} records have no predicted layer: they count as empty.")
    return [*notes, *author_notes(reference, found, seen, left_out)]


def author_notes(reference: Reference, found: Survey, seen: SeenRecords, left_out: int) -> list[str]:
    """Why figures flatter the authors of the measured layers: what they have seen of the records, and what is not
    their own work."""
    itself = sum(reference.layers.get(name, 0) for name in {layer.name for layer in found.authors.values()})
    notes = [f"{itself} records are measured against the same layer: the figures say nothing of it."] if itself else []
    notes += [
        f"{author} has linked the entities of {layer.provenance['entities_of']}: only its figures of relations count."
        for author, layer in found.authors.items()
        if "entities_of" in layer.provenance
    ]
    authors = ", ".join(sorted({*seen.taught.values(), *seen.chose.values(), *seen.related.values()}))
    if left_out:
        notes.append(f"{left_out} training records of {authors} are left out.")
    elif seen.taught:
        notes.append(f"{len(seen.taught)} records are training records of {authors}: the figures flatter it.")
    if seen.chose:
        notes.append(f"{len(seen.chose)} records chose the checkpoint of {authors}: the figures flatter it.")
    if seen.related:
        notes.append(f"{len(seen.related)} records are of groups (patients) that {authors} has learnt from.")
    if seen.unknown:
        notes.append(
            f"{', '.join(seen.unknown)} was not trained on a set of this workspace: whether it has seen these "
            "records is not known."
        )
    return notes


def _seen_json(seen: SeenRecords, left_out: int) -> dict[str, JsonValue]:
    return {
        "found": len(seen.taught),
        "left_out": left_out,
        "chose_the_checkpoint": len(seen.chose),
        "of_their_groups": len(seen.related),
        "unknown_training": list(seen.unknown),
    }

"""The page of a training, with the adapter measured anew on the validation records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from annotation.adapter import AdapterAnnotator
from annotation.settings import AdapterSettings
from curation.author import GOLD
from curation.batches import batched
from curation.path_name import folder_name
from curation.record import Layer
from curation.scoring.entities import Resampling
from curation.scoring.scores import ScoredDocument
from curation.stage import Item
from curation.store import Store
from curation.tagging.folder import AdapterManifest
from pipeline.training_material import TrainingMaterial, set_name
from pipeline.workspace import Workspace
from training.evaluate import evaluate_documents
from training.examples import Pair
from training.record_errors import WorstRecords
from training.scope import within
from training.trained import Trained
from training.training_page import PAGE, ToldTraining, is_told, write_training

#: Records that are read at a time.
TOGETHER = 64
#: Records of the training in which an adapter has to find something, where it has no validation.
LOOKED_AT = 20
#: Models whose answers take too long to be made in passing.
SLOW = frozenset({"decoder"})
VALIDATION = "validation"


def told_training(
    workspace: Workspace, store: Store, trained: Trained, material: TrainingMaterial, *, again: bool = True
) -> Path:
    """The page of a training in the reports; with `again` made anew, else only where it is not there as it is asked
    for.
    """
    manifest, excerpts = trained.manifest, workspace.config.training.excerpts
    to = workspace.subfolder("reports") / folder_name(f"training-{manifest.name}")
    if again or not is_told(to, manifest, excerpts):
        told = _told(workspace, trained.folder, manifest, material, excerpts, again=again)
        write_training(told, material.scheme, to=to, adapter=trained.folder)
    return to / PAGE


def _told(
    workspace: Workspace,
    folder: Path,
    manifest: AdapterManifest,
    material: TrainingMaterial,
    excerpts: int,
    *,
    again: bool,
) -> ToldTraining:
    sets = {set_name(curated): curated.digest for curated in material.sets}
    scheme, validation = material.scheme, material.splits[VALIDATION]
    if manifest.model in SLOW:
        why = "a language model takes long to answer; curate annotate and curate evaluate measure it"
        return ToldTraining(manifest, sets, not_measured=why, excerpts=excerpts)
    if next(iter(validation), None) is None:
        if again:
            _tell_silent(workspace, folder, material)
        return ToldTraining(manifest, sets, not_measured="the set has no validation records", excerpts=excerpts)
    annotator = AdapterAnnotator(folder, scheme, AdapterSettings(reads=GOLD))

    def documents() -> Iterator[ScoredDocument]:
        for (record, layer), said in _annotated(annotator, validation):
            yield ScoredDocument(record, layer, within(said, layer))

    worst = WorstRecords(scheme, manifest.task, excerpts)
    report = evaluate_documents(
        documents,
        scheme,
        languages={record.language for record, _ in validation},
        resampling=Resampling(workspace.config.review.agreement.minimum_records),
        settings=workspace.config.curation.scoring,
        root=workspace.folder,
        on_document=worst.add,
    )
    return ToldTraining(manifest, sets, report, worst.records, excerpts=excerpts)


def _annotated(annotator: AdapterAnnotator, pairs: Iterable[Pair]) -> Iterator[tuple[Pair, Layer]]:
    """Each record with its gold and what the adapter says of it."""
    for some in batched(pairs, TOGETHER):
        items = [Item(record, {GOLD: layer}) for record, layer in some]
        yield from ((pair, result.layers[0]) for pair, result in zip(some, annotator(items), strict=True))


def _tell_silent(workspace: Workspace, folder: Path, material: TrainingMaterial) -> None:
    """Says where an adapter that no validation has measured finds nothing even in what it has learnt from."""
    annotator = AdapterAnnotator(folder, material.scheme, AdapterSettings(reads=GOLD))
    relations = annotator.manifest.task == "relations"
    looked_at = 0
    for _, said in _annotated(annotator, islice(material.splits["train"], LOOKED_AT)):
        if said.relations if relations else (said.entities or said.labels):
            return
        looked_at += 1
    workspace.notify(
        f"train {annotator.manifest.name}: it finds nothing in {looked_at} of the records that it has learnt from "
        "(there are none for validation): try a lower training.learning_rate, or more training.epochs"
    )

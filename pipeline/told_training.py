"""The page of a training, with the adapter measured anew on the validation records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from annotation.adapter import AdapterAnnotator
from annotation.settings import AdapterSettings
from curation.author import GOLD
from curation.batches import batched
from curation.path_name import folder_name
from curation.scoring.entities import Resampling
from curation.scoring.scores import ScoredDocument
from curation.stage import Item
from curation.store import Store
from curation.tagging.folder import AdapterManifest
from pipeline.training_material import TrainingMaterial, set_name
from pipeline.workspace import Workspace
from training.evaluate import evaluate_documents
from training.record_errors import WorstRecords
from training.scope import within
from training.trained import Trained
from training.training_page import PAGE, ToldTraining, is_told, write_training

#: Records that are read at a time.
TOGETHER = 64
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
        told = _told(workspace, trained.folder, manifest, material, excerpts)
        write_training(told, material.scheme, to=to, adapter=trained.folder)
    return to / PAGE


def _told(
    workspace: Workspace, folder: Path, manifest: AdapterManifest, material: TrainingMaterial, excerpts: int
) -> ToldTraining:
    sets = {set_name(curated): curated.digest for curated in material.sets}
    scheme, validation = material.scheme, material.splits[VALIDATION]
    if manifest.model in SLOW:
        why = "a language model takes long to answer; curate annotate and curate evaluate measure it"
        return ToldTraining(manifest, sets, not_measured=why, excerpts=excerpts)
    if next(iter(validation), None) is None:
        return ToldTraining(manifest, sets, not_measured="the set has no validation records", excerpts=excerpts)
    annotator = AdapterAnnotator(folder, scheme, AdapterSettings(reads=GOLD))

    def documents() -> Iterator[ScoredDocument]:
        for pairs in batched(validation, TOGETHER):
            items = [Item(record, {GOLD: layer}) for record, layer in pairs]
            for (record, layer), result in zip(pairs, annotator(items), strict=True):
                yield ScoredDocument(record, layer, within(result.layers[0], layer))

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

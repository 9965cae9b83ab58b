"""The stages of the way, each over a whole workspace: what the commands and `curate run` call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from annotation.annotators import annotator, remote_address
from curation.decision import Verdict
from curation.errors import UsageError
from curation.record import Layer, Record
from curation.sets.freeze import freeze as freeze_records
from curation.stage import Stage
from curation.store import Store
from curation.store.sets import CuratedSet
from exports.formats import writer
from pipeline.commands.output import say
from pipeline.leaving import view_of
from pipeline.progress import progress
from pipeline.runner import StageReport, run_stage
from pipeline.runs import recorded
from pipeline.workspace import Workspace
from training.encoder import Trained


def run_over(
    workspace: Workspace, store: Store, stage: Stage, *, at_once: int = 1, retry_failed: bool = False
) -> StageReport:
    """A stage over all records that lack its result, with progress.

    at_once: records that the stage takes at a time at least, whatever the settings say.
    """
    settings = workspace.config.curation
    with progress(stage.name, store.count_pending(stage, retry_failed=retry_failed)) as advance:
        return run_stage(
            store,
            stage,
            batch_size=max(settings.batch_size, at_once),
            workers=settings.workers,
            retry_failed=retry_failed,
            advance=advance,
        )


def annotate(
    workspace: Workspace, store: Store, spoken: str, *, layer: str | None = None, retry_failed: bool = False
) -> StageReport:
    """An annotator's layer on every record that lacks it."""
    stage = annotator(spoken, workspace.scheme, workspace.config.annotation, layer=layer)
    remote = remote_address(stage)
    if remote:
        say(f"{stage.name} sends the text of each record to {remote}, which is not this machine")
    with recorded(workspace, store, "annotate", annotator=spoken, layer=layer, sent_to=remote) as outcome:
        done = run_over(workspace, store, stage, retry_failed=retry_failed)
        outcome |= done.as_json()
    return done


def freeze(
    workspace: Workspace,
    store: Store,
    *,
    name: str,
    layers: Sequence[str],
    verdicts: Sequence[Verdict] = (Verdict.ACCEPTED,),
) -> CuratedSet:
    """A frozen set of the records with one of the verdicts and one of the layers."""
    inputs: dict[str, JsonValue] = {"name": name, "layers": list(layers), "verdicts": [one.value for one in verdicts]}
    with recorded(workspace, store, "freeze", **inputs) as outcome:
        frozen = freeze_records(
            store,
            workspace.scheme,
            name=name,
            layers=layers,
            split=workspace.config.curation.split,
            verdicts=verdicts,
        )
        outcome |= frozen.model_dump(mode="json")
    return frozen


def train(workspace: Workspace, store: Store, *, name: str, curated: str | None = None) -> Trained:
    """An adapter of that name in the workspace, trained on a curated set, by default the newest."""
    from training.encoder import train as train_adapter

    chosen = store.curated_set(curated) if curated else newest_set(store)
    learn, choose = (pairs(store, chosen, split) for split in ("train", "validation"))
    with (
        recorded(workspace, store, "train", set=chosen.digest, name=name) as outcome,
        progress(f"train {name} (windows' steps)", None) as advance,
    ):
        trained = train_adapter(
            learn,
            choose,
            scheme=workspace.scheme,
            settings=workspace.config.training,
            to=workspace.place("adapters") / name,
            on_step=lambda done, total, loss: advance(1),
        )
        outcome |= {"folder": str(trained.folder), "manifest": trained.manifest.model_dump(mode="json")}
    return trained


def export(workspace: Workspace, store: Store, format: str, to: Path, *, curated: str | None = None) -> list[Path]:
    """A curated set, by default the newest, written in a format.

    Raises ExportBlockedError, and writes nothing, when the privacy policy keeps one of its records back.
    """
    chosen = store.curated_set(curated) if curated else newest_set(store)
    write = writer(format)
    with recorded(workspace, store, "export", format=format, set=chosen.digest) as outcome:
        files = write(view_of(workspace, store, chosen), to, workspace.config.exports)
        outcome["files"] = [str(path) for path in files]
    return files


def newest_set(store: Store) -> CuratedSet:
    """The curated set that was frozen last."""
    known = store.curated_sets()
    if not known:
        raise UsageError("expected a curated set, there is none yet; run `curate freeze` first")
    return known[-1]


def pairs(store: Store, curated: CuratedSet, split: str) -> list[tuple[Record, Layer]]:
    """The records of a split with their frozen layers."""
    return [(record, layer) for _, record, layer in store.set_members(curated.digest, split=split)]

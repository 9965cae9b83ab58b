"""Where an experiment of a workspace is: its folder, which one process works in, its plan and its ledger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from annotation.settings import AnnotationSettings
from curation.errors import UsageError, unknown_name
from curation.path_name import path_name
from curation.private_files import made_private
from curation.process_lock import process_lock
from curation.scoring.entities import Resampling
from curation.settings import ScoringSettings
from curation.store import Store
from curation.store.sets import CuratedSet
from pipeline.config import Config
from pipeline.progress import Notify, ProgressBar, no_progress
from pipeline.steps.train import tell_slow
from pipeline.training_material import set_name
from pipeline.workspace import Workspace
from training.experiments.grid import CellRunner, GridCell, run_grid, waiting
from training.experiments.ledger import CellLedger, FinishedCell
from training.experiments.plan import ExperimentPlan, dotted, opened
from training.experiments.result import ExperimentResult, write_result
from training.settings import TrainingSettings
from training.trained import lasting_settings

EXPERIMENTS = "experiments"
#: The splits of a set that figures are made on.
MEASURED = ("test", "validation")
#: Settings of language models that an adapter of one is asked and read with.
READ_OF_DECODERS = {"fuzzy", "repairs", "window", "overlap"}


@dataclass
class Workplace:
    """The folder of one experiment, in which this process alone works."""

    workspace: Workspace
    store: Store
    folder: Path
    ledger: CellLedger
    progress: ProgressBar = no_progress
    keep: bool = False
    run: int = 0
    #: Lines about what was left out or found, for the result.
    notes: list[str] = field(default_factory=list)

    @property
    def resampling(self) -> Resampling:
        """How intervals are made in this workspace."""
        return Resampling(self.workspace.config.review.agreement.minimum_records)

    @property
    def kept(self) -> dict[str, JsonValue]:
        """The folder of the adapters that stay, for the run's manifest; nothing where none does."""
        folder = self.folder / "adapters"
        return {"folder": str(folder)} if folder.is_dir() else {}

    def work(self, key: str) -> Path:
        """Where a cell keeps what it goes on from."""
        return self.folder / "work" / key

    def adapter(self, key: str) -> Path:
        """Where a cell's adapter is."""
        return self.folder / "adapters" / key

    def documents(self, key: str) -> Path:
        """The file of what each test document adds to a cell's figures."""
        return made_private(self.folder / "documents") / f"{key}.jsonl"

    def finished(self, cells: Sequence[GridCell], run: CellRunner) -> list[FinishedCell]:
        """All cells, those of the ledger as they were measured."""
        left = waiting(cells, self.ledger)
        for cell in cells:
            if cell not in left:  # what a process that was killed after its end has left
                shutil.rmtree(self.work(cell.key), ignore_errors=True)
        if done := len(cells) - len(left):
            self.workspace.notify(f"{self.folder.name}: {done} of {len(cells)} cells were finished before")
        if not left:
            return [self.ledger.cells[cell.key] for cell in cells]
        title = f"{self.folder.name} (records read)"
        with self.progress(title, sum(cell.size for cell in left)) as advance:
            return run_grid(
                cells, self.ledger, run, lambda more, note: advance(more, note=note), on_finished=self.clear
            )

    def clear(self, key: str) -> None:
        """Removes what only an unfinished cell needs, and its adapter unless adapters are kept."""
        shutil.rmtree(self.work(key), ignore_errors=True)
        if not self.keep:
            shutil.rmtree(self.adapter(key), ignore_errors=True)
        for folder in (self.folder / "work", self.folder / "adapters"):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


@dataclass(frozen=True, slots=True)
class DoneExperiment:
    """What came out, and the page that shows it."""

    result: ExperimentResult
    page: Path

    def as_json(self) -> dict[str, JsonValue]:
        """The form for scripts."""
        return {
            "experiment": self.result.name,
            "kind": self.result.kind,
            "page": str(self.page),
            "about": list(self.result.about),
            "answers": list(self.result.answers),
            **self.result.content,
        }


@contextmanager
def workplace(
    workspace: Workspace,
    store: Store,
    kind: str,
    name: str,
    fixed: Mapping[str, JsonValue],
    *,
    progress: ProgressBar = no_progress,
    keep: bool = False,
) -> Iterator[Workplace]:
    """The experiment's folder with its plan. Raises UsageError where another experiment has the name, or another
    process works in it."""
    above = workspace.subfolder(EXPERIMENTS)
    folder = made_private(above / path_name(name, "an experiment", among=above))

    def busy() -> None:
        raise UsageError(f"expected the experiment {name} for this process alone, another one is at work on it")

    with process_lock(folder / "lock", timeout=0, extra="train", refusal=UsageError, waits=busy):
        opened(folder, ExperimentPlan(kind=kind, name=name, fixed=dict(fixed)), DEFAULTS)
        yield Workplace(workspace, store, folder, CellLedger(folder), progress, keep)


def done(place: Workplace, result: ExperimentResult) -> DoneExperiment:
    """The result, now in the folder `result` of the experiment."""
    return DoneExperiment(result, write_result(result, place.folder / "result"))


def fixed_settings(config: Config, model: str, *, notify: Notify) -> dict[str, JsonValue]:
    """The settings of training a model that change what comes out, and of reading its answers, by dotted keys.

    A precision that is slow on this machine is said. Raises UsageError for several processes, which a cell's training
    does not have.
    """
    if config.training.processes > 1:
        raise UsageError(
            "expected training.processes = 1 for an experiment, which trains each adapter in one process, got "
            f"{config.training.processes}"
        )
    tell_slow(config.training, notify)
    return dotted(lasting_settings(config.training), "training") | read_by(config.annotation, model)


def read_by(settings: AnnotationSettings, model: str) -> dict[str, JsonValue]:
    """The settings of annotating that change what is read of the answers of an adapter of this model."""
    if model == "decoder":
        return dotted(settings.llm.model_dump(mode="json", include=READ_OF_DECODERS), "annotation.llm")
    return {"annotation.adapter.threshold": settings.adapter.threshold}


def scoring_settings(scoring: ScoringSettings) -> dict[str, JsonValue]:
    """The settings of scoring, by dotted keys: figures are only comparable under the same ones."""
    values = scoring.model_dump(mode="json")
    return dotted(values.pop("bertscore"), "curation.scoring.bertscore") | dotted(values, "curation.scoring")


#: What keys stand for that the plan of an earlier version lacks.
DEFAULTS: Mapping[str, JsonValue] = {
    **dotted(TrainingSettings().model_dump(mode="json"), "training"),
    **scoring_settings(ScoringSettings()),
}


def measured_split(curated: CuratedSet, split: str) -> str:
    """The split that is measured on. Raises UsageError for one that is unknown or empty."""
    if split not in MEASURED:
        raise unknown_name("a split to measure on", split, MEASURED)
    if not curated.splits.get(split):
        sizes = ", ".join(f"{name} {count}" for name, count in curated.splits.items()) or "no records"
        raise UsageError(f"expected records in the split {split} of {set_name(curated)} to measure on, it has {sizes}")
    return split

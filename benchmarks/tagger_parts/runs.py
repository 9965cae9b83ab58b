"""Trainings and measurements that are made once: each leaves a file with its counts, and goes on after a kill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from study_parts.measured_rows import MeasuredRows

from curation.private_files import made_private
from curation.record import Layer, digest
from curation.scheme import load_scheme
from curation.scoring.bootstrap import bootstrap_interval
from curation.scoring.entities import entity_counts
from curation.scoring.marks import f1
from curation.scoring.tally import TOTAL
from curation.tagging.folder import MANIFEST, load_tagger
from curation.tagging.mean_model import MeanModel
from curation.tagging.tagger import Tagger
from tagger_parts.corpus import Pair
from tagger_parts.variants import BEFORE, Read
from training.encoder import predictions, train_tagger
from training.settings import TrainingSettings
from training.thresholds import chosen_thresholds
from training.trained import TrainingJob

MODES = ("strict", "lenient")
CHECKPOINT_STEPS = 25
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """What a tagger found in each report: matched, gold and predicted entities, shape (modes, reports, 3); and the
    processor seconds of its training, 0 where that was interrupted.
    """

    counts: Any
    seconds: float

    def f1(self, mode: str) -> float:
        """The micro F1."""
        return float(f1(self.counts[MODES.index(mode)].sum(axis=0)))


class RunLedger:
    """The runs of one division of the reports: rows, and the adapters in a folder."""

    def __init__(
        self,
        folder: Path,
        rows: MeasuredRows,
        learnt: Sequence[Pair],
        measured: Sequence[Pair],
        fixed: Mapping[str, Any],
    ) -> None:
        self._folder, self._rows = made_private(folder), rows
        self._learnt, self._measured = list(learnt), list(measured)
        self._fixed = {**BEFORE, "allow_lost": True, **fixed}
        self._scheme = load_scheme()

    def adapter(self, settings: Mapping[str, Any]) -> Path:
        """Where the adapter of some settings is."""
        ids = [record.id for record, _ in self._learnt]
        return self._folder / digest([ids, {"seed": 0, **self._fixed, **settings}])[:16]

    def _settings(self, changes: Mapping[str, Any]) -> TrainingSettings:
        return TrainingSettings(**{**self._fixed, "threads": 1, "checkpoint_steps": CHECKPOINT_STEPS, **changes})

    def known(self, settings: Mapping[str, Any], read: str = "") -> MeasuredRun | None:
        """What was measured before."""
        row = self._rows.all().get(self._name(settings, read))
        return MeasuredRun(np.array(row["counts"], dtype=float), row["seconds"]) if row else None

    def trained(self, settings: Mapping[str, Any]) -> MeasuredRun:
        """The run of a training, which is made where it is not there; what was begun goes on."""
        if (found := self.known(settings)) is not None:
            return found
        to = self.adapter(settings)
        whole, started = not to.exists() and not self._work(to).exists(), process_time()
        self._made(settings)
        seconds = process_time() - started if whole else 0.0
        return self._measure(settings, "", load_tagger(to)[0], seconds)

    def _made(self, settings: Mapping[str, Any]) -> Path:
        """The adapter of some settings, which is trained where it is not there."""
        to = self.adapter(settings)
        if not (to / MANIFEST).is_file():
            work = self._work(to)
            job = TrainingJob(
                self._learnt, (), self._scheme, self._settings(settings), to, work=work, fingerprint=to.name
            )
            train_tagger(job)
        return to

    def _work(self, adapter: Path) -> Path:
        return self._folder / f"{adapter.name}-work"

    def read_otherwise(self, settings: Mapping[str, Any], name: str, read: Read) -> MeasuredRun:
        """The run of the adapter of some settings, read in another way."""
        if (found := self.known(settings, name)) is not None:
            return found
        return self._measure(settings, name, read(load_tagger(self._made(settings))[0]), 0.0)

    def cross_fitted(self, settings: Mapping[str, Any], name: str) -> MeasuredRun:
        """The run of the adapter of some settings with thresholds, each half of the reports measured by those that the
        other half chose."""
        if (found := self.known(settings, name)) is not None:
            return found
        tagger = load_tagger(self._made(settings))[0]
        even, odd = self._measured[::2], self._measured[1::2]
        layers: list[Any] = [None] * len(self._measured)
        for first, (choosing, measured) in enumerate(((odd, even), (even, odd))):
            thresholds = chosen_thresholds(tagger, choosing, self._scheme)
            assert thresholds
            layers[first::2] = predictions(replace(tagger, biases=thresholds.biases), measured)
        return self._written(settings, name, layers, 0.0)

    def together(self, every: Sequence[Mapping[str, Any]], otherwise: tuple[str, Read] | None = None) -> MeasuredRun:
        """The run of the adapters of some settings, whose scores are averaged, and which may be read in another way."""
        first, name = every[0], f"{len(every)} together" + (f", {otherwise[0]}" if otherwise else "")
        if (found := self.known(first, name)) is not None:
            return found
        taggers = [load_tagger(self._made(settings))[0] for settings in every]
        steps = tuple(np.mean(heads, axis=0) for heads in zip(*(tagger.transitions for tagger in taggers), strict=True))
        tagger = taggers[0]
        joined = Tagger(
            MeanModel([each.model for each in taggers]),
            tagger.splitter,
            tagger.labels,
            tagger.window,
            tagger.stride,
            transitions=steps,
        )
        return self._measure(first, name, otherwise[1](joined) if otherwise else joined, 0.0)

    def _measure(self, settings: Mapping[str, Any], read: str, tagger: Tagger, seconds: float) -> MeasuredRun:
        return self._written(settings, read, predictions(tagger, self._measured), seconds)

    def _written(self, settings: Mapping[str, Any], read: str, layers: Sequence[Layer], seconds: float) -> MeasuredRun:
        """The run of what a tagger has found in the reports, now among the rows."""
        counts = []
        for (_, gold), layer in zip(self._measured, layers, strict=True):
            found = entity_counts(gold, layer, scheme=self._scheme)
            counts.append([[float(number) for number in found.get((mode, TOTAL), (0, 0, 0))[:3]] for mode in MODES])
        run = MeasuredRun(np.array(counts, dtype=float).swapaxes(0, 1), round(seconds, 1))
        told = {"learnt": len(self._learnt), "settings": dict(settings), "read": read}
        counted = {"counts": run.counts.tolist(), "seconds": run.seconds}
        self._rows.add({"digest": self._name(settings, read), **told, **counted})
        return run

    def _name(self, settings: Mapping[str, Any], read: str) -> str:
        return f"{self.adapter(settings).name}-{digest([read, len(self._measured)])[:8]}"


def difference(
    ours: Sequence[MeasuredRun], others: Sequence[MeasuredRun], mode: str
) -> tuple[float, tuple[float, float]]:
    """How much higher the mean F1 of some runs is than that of others over the same reports, and its 95 % interval by
    resampled reports."""
    number = MODES.index(mode)
    counts = np.stack([run.counts[number] for run in (*ours, *others)], axis=1)

    def value(sums: Any) -> Any:
        every = f1(sums)
        return every[..., : len(ours)].mean(axis=-1) - every[..., len(ours) :].mean(axis=-1)

    interval = bootstrap_interval(counts, value, resamples=RESAMPLES, seed=0)
    assert interval
    return float(value(counts.sum(axis=0))), interval

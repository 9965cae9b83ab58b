"""Trainings and measurements that are made once: each leaves a file with its counts, and goes on after a kill."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from curation.atomic_file import write_private
from curation.private_files import made_private
from curation.record import digest
from curation.scheme import load_scheme
from curation.scoring.bootstrap import bootstrap_interval
from curation.scoring.entities import entity_counts
from curation.scoring.marks import f1
from curation.scoring.tally import TOTAL
from curation.tagging.folder import MANIFEST, load_tagger
from curation.tagging.mean_model import MeanModel
from curation.tagging.tagger import Tagger
from tagger_parts.corpus import Pair
from tagger_parts.variants import BEFORE
from training.encoder import predictions, train_tagger
from training.settings import TrainingSettings
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
    """The runs of one division of the reports, in a folder."""

    def __init__(
        self, folder: Path, learnt: Sequence[Pair], measured: Sequence[Pair], fixed: Mapping[str, Any]
    ) -> None:
        self._folder = made_private(folder)
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
        file = self._file(settings, read)
        if not file.is_file():
            return None
        found = json.loads(file.read_text(encoding="utf-8"))
        return MeasuredRun(np.array(found["counts"], dtype=float), found["seconds"])

    def trained(self, settings: Mapping[str, Any]) -> MeasuredRun:
        """The run of a training, which is made where it is not there; what was begun goes on."""
        if (found := self.known(settings)) is not None:
            return found
        to = self.adapter(settings)
        work = self._folder / f"{to.name}-work"
        whole, started = not to.exists() and not work.exists(), process_time()
        if not (to / MANIFEST).is_file():
            job = TrainingJob(
                self._learnt, (), self._scheme, self._settings(settings), to, work=work, fingerprint=to.name
            )
            train_tagger(job)
        seconds = process_time() - started if whole else 0.0
        return self._measure(settings, "", load_tagger(to)[0], seconds)

    def read_otherwise(self, settings: Mapping[str, Any], name: str, read: Callable[[Tagger], Tagger]) -> MeasuredRun:
        """The run of an adapter that is there, read in another way."""
        found = self.known(settings, name)
        return found or self._measure(settings, name, read(load_tagger(self.adapter(settings))[0]), 0.0)

    def together(self, every: Sequence[Mapping[str, Any]]) -> MeasuredRun:
        """The run of adapters that are there, whose scores are averaged."""
        first, name = every[0], f"{len(every)} together"
        if (found := self.known(first, name)) is not None:
            return found
        taggers = [load_tagger(self.adapter(settings))[0] for settings in every]
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
        return self._measure(first, name, joined, 0.0)

    def _measure(self, settings: Mapping[str, Any], read: str, tagger: Tagger, seconds: float) -> MeasuredRun:
        counts = []
        for (_, gold), layer in zip(self._measured, predictions(tagger, self._measured), strict=True):
            found = entity_counts(gold, layer, scheme=self._scheme)
            counts.append([[float(number) for number in found.get((mode, TOTAL), (0, 0, 0))[:3]] for mode in MODES])
        run = MeasuredRun(np.array(counts, dtype=float).swapaxes(0, 1), round(seconds, 1))
        write_private(self._file(settings, read), json.dumps({"counts": run.counts.tolist(), "seconds": run.seconds}))
        return run

    def _file(self, settings: Mapping[str, Any], read: str) -> Path:
        adapter = self.adapter(settings)
        return adapter.with_name(f"{adapter.name}-{digest([read, len(self._measured)])[:8]}.json")


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

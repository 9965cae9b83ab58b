"""Several taggers of one training, with other seeds, as one adapter: their scores are averaged."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from curation.atomic_file import refilled
from curation.downloads import downloads_allowed
from curation.tagging.encoder import base_folder
from curation.tagging.folder import MANIFEST, MEMBERS, AdapterManifest, load_tagger, read_manifest, write_manifest
from curation.tagging.tagger import Tagger
from training.card import CARD, write_card
from training.course import Validation
from training.course_figures import COURSE
from training.loop import OnStep
from training.trained import Trained, TrainingJob
from training.training_group import training_group

TrainOne = Callable[[TrainingJob], Trained]
#: How good all members are together, and what the manifest's details have of it.
Measure = Callable[[Tagger], tuple[Validation | None, dict[str, JsonValue]]]


def train_members(job: TrainingJob, train_one: TrainOne, measure: Measure) -> Trained:
    """The adapter of as many members as the settings ask for; one that is there after a kill is not trained again.

    It holds the first member's files and the other members in a folder of their own. Of several processes that train
    together the first one makes it.
    """
    settings, group = job.settings, training_group()
    with _work(job) as work, tempfile.TemporaryDirectory() as unkept:
        to = work if group.is_first else Path(unkept)
        members = [_member(job, work, number, train_one, to=to) for number in range(settings.members)]
        group.wait()  # all have seen which members were there before
        first, *others = members
        if not group.is_first:
            return first
        manifest = first.manifest.model_copy(
            update={
                "name": job.to.name,
                "details": first.manifest.details
                | {"members": [member.manifest.weights_digest for member in others]}
                | _mean_transitions([member.manifest for member in members]),
                "training": first.manifest.training | {"fingerprint": job.fingerprint},
                "settings": settings.model_dump(mode="json"),
                "metrics": {COURSE: first.manifest.metrics[COURSE]},
                "seconds": round(sum(member.manifest.seconds for member in members), 1),
            }
        )
        with refilled(job.to) as inside:
            shutil.copytree(first.folder, inside, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST, CARD))
            for number, member in enumerate(others, start=1):
                shutil.copytree(member.folder, inside / MEMBERS / str(number))
            write_manifest(manifest, inside)
            base = base_folder(settings.base_model, download=downloads_allowed())
            scores, noted = measure(load_tagger(inside, base=base)[0])
            metrics = {"validation": job.told(scores.scores), **manifest.metrics} if scores else manifest.metrics
            manifest = manifest.model_copy(update={"metrics": metrics, "details": {**manifest.details, **noted}})
            write_card(manifest, inside)
            write_manifest(manifest, inside)
    if job.checkpoints:
        job.checkpoints.clear()
    return Trained(job.to, manifest, first.history)


@contextmanager
def _work(job: TrainingJob) -> Iterator[Path]:
    """Where the members are until all are trained."""
    with tempfile.TemporaryDirectory() as unkept:
        yield job.work or Path(unkept)


def _member(job: TrainingJob, work: Path, number: int, train_one: TrainOne, *, to: Path) -> Trained:
    settings = job.settings.model_copy(update={"seed": job.settings.seed + number, "members": 1, "thresholds": False})
    name, fingerprint = f"member-{number}", f"{job.fingerprint} {number}"
    there = work / name
    if (there / MANIFEST).is_file() and (made := read_manifest(there)).training.get("fingerprint") == fingerprint:
        return Trained(there, made)
    on_step = _shifted(job.on_step, number, job.settings.members) if job.on_step else None
    kept = work / f"checkpoint-{number}" if job.work else None
    return train_one(
        TrainingJob(
            job.pairs,
            job.validation,
            job.scheme,
            settings,
            to / name,
            on_step,
            work=kept,
            fingerprint=fingerprint,
            about=job.about,
            minimum_records=job.minimum_records,
        )
    )


def _shifted(on_step: OnStep, number: int, members: int) -> OnStep:
    """The steps of one member as steps of all."""
    return lambda done, total, loss: on_step(number * total + done, members * total, loss)


def _mean_transitions(manifests: Sequence[AdapterManifest]) -> dict[str, JsonValue]:
    if not manifests[0].transitions:
        return {}
    heads: Any = zip(*(manifest.transitions for manifest in manifests), strict=True)
    return {"transitions": [(sum(steps[1:], steps[0]) / len(steps)).round(4).tolist() for steps in heads]}

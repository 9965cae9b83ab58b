"""The table of trainers by task and model. To add one: a file, a line here, a test, a line in docs/trainers.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import UsageError, unknown_name
from curation.scheme import Scheme
from training.own_settings import check_own
from training.settings import TrainingSettings

if TYPE_CHECKING:
    from training.examples import Pair
    from training.shown import ShownRow
    from training.trained import Trained, TrainingJob
    from training.view_check import ViewCheck


@dataclass(frozen=True, slots=True)
class TaskTrainer:
    """What a trainer does: train, count what its view holds, and show some examples."""

    train: Callable[[TrainingJob], Trained]
    check: Callable[[Iterable[Pair], Scheme, TrainingSettings, Path | None], ViewCheck]
    shown: Callable[[Iterable[Pair], Scheme, TrainingSettings], Iterable[ShownRow]]
    #: A digest of the files that the settings name, and of what else they leave to the trainer.
    identity: Callable[[TrainingSettings], str]


def _tagger() -> TaskTrainer:
    from training.encoder import check, shown, train_tagger
    from training.prepared_encoder import tagger_identity

    return TaskTrainer(train_tagger, check, shown, tagger_identity)


def _classifier() -> TaskTrainer:
    from training.document_labels import check, shown, train_classifier
    from training.prepared_encoder import encoder_identity

    return TaskTrainer(train_classifier, check, shown, encoder_identity)


def _questions() -> TaskTrainer:
    from training.prepared_encoder import question_identity
    from training.questions import check, shown, train_reader

    return TaskTrainer(train_reader, check, shown, question_identity)


def _pairs() -> TaskTrainer:
    from training.prepared_encoder import encoder_identity
    from training.relations import check, shown, train_relations

    return TaskTrainer(train_relations, check, shown, encoder_identity)


def _relation_questions() -> TaskTrainer:
    from training.prepared_encoder import question_identity
    from training.relation_questions import check, shown, train_tail_reader

    return TaskTrainer(train_tail_reader, check, shown, question_identity)


def _decoder() -> TaskTrainer:
    from training.decoder import check, identity, shown, train_decoder

    return TaskTrainer(train_decoder, check, shown, identity)


#: By task and model; the first of a task is the one that is taken where no model is named.
TRAINERS: dict[tuple[str, str], Callable[[], TaskTrainer]] = {
    ("entities", "tagger"): _tagger,
    ("entities", "questions"): _questions,
    ("entities", "decoder"): _decoder,
    ("labels", "classifier"): _classifier,
    ("labels", "decoder"): _decoder,
    ("relations", "pairs"): _pairs,
    ("relations", "questions"): _relation_questions,
}


def chosen(settings: TrainingSettings, scheme: Scheme) -> tuple[str, str]:
    """The task and model that the settings ask for. Raises UsageError where there is no such trainer."""
    task = settings.task or ("entities" if scheme.categories else "labels")
    lacking = {
        "entities": not scheme.categories and "categories",
        "labels": not scheme.labels and "document labels",
        "relations": not scheme.relations and "relations",
    }[task]
    if lacking:
        raise UsageError(f"expected a scheme with {lacking} for training.task = {task}, {scheme.name} has none")
    models = [model for known, model in TRAINERS if known == task]
    model = settings.model or models[0]
    if model not in models:
        raise _of_another_task(model, task, models)
    check_own(settings, model)
    return task, model


def _of_another_task(model: str, task: str, models: Sequence[str]) -> UsageError:
    """What is to be changed where a model is named that the task does not have."""
    others = [known for known, other in TRAINERS if other == model]
    if not others:
        return unknown_name(f"a model for the task {task} (training.model)", model, models)
    wanted = " or ".join(f'training.task = "{other}"' for other in others)
    return UsageError(
        f'expected {wanted} with training.model = "{model}", got the task {task}, whose models are '
        f"{', '.join(models)}: add it to [training] in curate.toml, or choose one of these models"
    )


def trainer(settings: TrainingSettings, scheme: Scheme) -> TaskTrainer:
    """The trainer that the settings ask for. Raises UsageError where there is none."""
    return TRAINERS[chosen(settings, scheme)]()

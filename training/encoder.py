"""An encoder learns to label words: LoRA matrices on every linear layer (Hu et al. 2021), or all weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from pydantic import JsonValue

from curation.downloads import downloads_allowed
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.scoring.entities import EntityScores, score_entities
from curation.tagging.encoder import base_folder, splitter
from curation.tagging.heads import head_slices
from curation.tagging.labels import OUTSIDE, category_of
from curation.tagging.tagger import Tagger, padded, to_entities
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, batches_of, cut_windows
from training.examples import Pair, TrainingExample, TrainingSet, chunks, make_examples
from training.loop import OnStep, learn, seeded_torch
from training.members import train_members
from training.mention_swap import MentionSwap, part
from training.mixing import mixed
from training.prepared_encoder import prepared
from training.scope import within
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.thresholds import chosen_thresholds
from training.trained import Trained, TrainingJob
from training.training_group import training_group
from training.view_check import TrainingRefusedError, ViewCheck

__all__ = ["Trained", "check", "scored", "shown", "train", "train_tagger"]

#: Texts that are labelled at once when validating.
AT_ONCE = 64


def train(
    pairs: Iterable[Pair],
    validation: Iterable[Pair] = (),
    *,
    scheme: Scheme,
    settings: TrainingSettings,
    to: Path,
    on_step: OnStep | None = None,
) -> Trained:
    """A tagger trained on the layers of some records, saved whole in a folder that `load_tagger` reads.

    With validation records the weights of the best epoch are kept (strict micro F1), and training
    ends when ``patience`` epochs bring nothing better; without, the weights of the last epoch.
    Raises UsageError when there is nothing to learn from, and where annotations would be lost that may not be.
    """
    return train_tagger(TrainingJob(pairs, validation, scheme, settings, to, on_step))


def train_tagger(job: TrainingJob) -> Trained:
    """As `train`, going on from the job's checkpoint where it has one."""
    settings = job.settings
    if settings.members > 1:
        return train_members(job, train_tagger, lambda tagger: _measured(tagger, job))
    base = base_folder(settings.base_model, download=downloads_allowed())
    examples = _examples(job.learnt_from, job.scheme, settings, folder=job.work)
    if len(examples.labels) < 3:
        raise TrainingRefusedError(
            f"expected training records with entities that count as information, got {len(examples.rows)} "
            "records without any; annotate or review them first"
        )
    examples.check.require(settings)
    with seeded_torch(settings):
        tagger = Tagger(
            model=prepared(
                base, examples.labels, settings, shares=examples.shares if settings.heads == "category" else None
            ),
            splitter=splitter(base),
            labels=examples.labels,
            window=settings.window,
            stride=settings.stride,
        )
        learner = TaggerLearner(tagger, examples, job.validation, job.scheme, settings)
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)
    details: dict[str, JsonValue] = {}
    if settings.crf:
        tagger = replace(tagger, transitions=tuple(learner.transitions()))
        details["transitions"] = [steps.tolist() for steps in tagger.transitions]
    if settings.thresholds and training_group().is_first:
        validation, thresholds = _measured(tagger, job)
        course.scores = validation.scores if validation else course.scores
        details |= thresholds
    return job.saved(
        tagger.model,
        tagger.splitter,
        course,
        base=base,
        check=examples.check,
        labels=examples.labels,
        head="tagger",
        task="entities",
        details=details,
    )


def _measured(tagger: Tagger, job: TrainingJob) -> tuple[Validation | None, dict[str, JsonValue]]:
    """How good a finished tagger is, with thresholds where the settings ask for them, which are the manifest's."""
    found = chosen_thresholds(tagger, job.validation, job.scheme) if job.settings.thresholds else None
    if found is not None:
        tagger = replace(tagger, biases=found.biases)
    noted: dict[str, JsonValue] = {"thresholds": found.to_json()} if found else {}
    return _validation(tagger, job.validation, job.scheme), noted


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What word labels in windows hold of some records."""
    return _examples(pairs, scheme, settings, folder=folder).check


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterable[ShownRow]:
    """Each record's pieces with the labels that are learnt: clinical text."""
    base = base_folder(settings.base_model, download=downloads_allowed())
    split = splitter(base)
    for record, layer in pairs:
        examples = make_examples(
            [(record, layer)], scheme=scheme, splitter=split, by_category=settings.heads == "category"
        )
        (pieces,) = split([record.text])
        row = examples.rows[0]
        words = [record.text[start:end] for start, end in pieces.words]
        for number, head in enumerate(head_slices(examples.labels)):
            labels = examples.labels[head]
            given = dict(zip(row.word_of.tolist(), (labels[i] for i in row.targets[:, number]), strict=True))
            marked = tuple((word, given[i], given[i] != OUTSIDE) for i, word in enumerate(words))
            if not number or any(learnt for _, _, learnt in marked):
                yield ShownRow(record.id, marked)


def _examples(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, *, folder: Path | None) -> TrainingSet:
    base = base_folder(settings.base_model, download=downloads_allowed())
    return make_examples(
        pairs,
        scheme=scheme,
        splitter=splitter(base),
        window=settings.window,
        stride=settings.stride,
        by_category=settings.heads == "category",
        folder=folder,
    )


class TaggerLearner:
    """Windows of labelled word pieces, for the loop."""

    def __init__(
        self,
        tagger: Tagger,
        examples: TrainingSet,
        validation: Iterable[Pair],
        scheme: Scheme,
        settings: TrainingSettings,
    ) -> None:
        import torch

        from training.head_loss import HeadLoss

        self.model = tagger.model
        self._tagger = tagger
        self._rows = examples.rows
        self._replacement = (
            MentionSwap(examples.rows, tagger.labels, settings.replacement) if settings.replacement else None
        )
        self._validation = validation
        self._scheme = scheme
        self._settings = settings
        self._criterion = HeadLoss(tagger.labels, settings.outside_weight, crf=settings.crf).to(self.model.device)
        if settings.crf:
            self.model.crf = self._criterion  # so that it is trained, checkpointed and chosen with the model
        #: By scope: whether its layers say anything about a label.
        self._told = torch.tensor(
            [
                [scope is None or label == OUTSIDE or category_of(label) in scope.categories for label in tagger.labels]
                for scope in examples.rows.scopes
            ],
            device=self.model.device,
        )

    def epoch(self, random: Random) -> EpochBatches:
        """All pieces once."""
        settings = self._settings
        windows = cut_windows(self._rows, self._tagger.room, random)
        windows = mixed(windows, self._rows.owners, temperature=settings.mixing, random=random)
        return batches_of(windows, settings.batch_size, random=random, batch_tokens=settings.batch_tokens)

    def loss(self, batch: Sequence[Window]) -> Any:
        """The mean loss of the labels of a batch's pieces, or of its words with a CRF; some pieces are hidden. A set's
        own labels only, so that what it does not annotate is not learnt as outside."""
        import torch

        from training.head_loss import NEVER

        split = self._tagger.splitter
        first, where = len(split.before), self.model.device
        rows = [self._window(*window) for window in batch]
        ids, mask = padded([row.ids for row in rows], split)
        targets = torch.full((*ids.shape, rows[0].targets.shape[1]), -100)
        words = torch.zeros(ids.shape, dtype=torch.long)
        for number, row in enumerate(rows):
            inside = slice(first, first + len(row.ids))
            targets[number, inside] = torch.from_numpy(row.targets)
            words[number, inside] = torch.from_numpy(row.word_of - row.word_of[0])
        hidden = (torch.rand(ids.shape) < self._settings.masking) & (targets[..., 0] >= 0)
        ids = ids.masked_fill(hidden, split.mask_id)
        logits = self.model(input_ids=ids.to(where), attention_mask=mask.to(where)).logits.float()
        told = self._told[[self._rows.owners[i] for i, _, _ in batch]]
        logits = logits.masked_fill(~told[:, None], NEVER)
        return self._criterion(logits, targets.to(where), words.to(where))

    def _window(self, number: int, start: int, end: int) -> TrainingExample:
        """A window of a row, with other mentions where these are asked for."""
        row = part(self._rows[number], start, end)
        return self._replacement(row, self._tagger.room) if self._replacement else row

    def transitions(self) -> Any:
        """What the CRF has learnt of each head, which the manifest keeps; the model is without it afterwards."""
        del self.model.crf
        return self._criterion.transitions()

    def validate(self) -> Validation | None:
        """Strict micro F1 on the validation records."""
        steps = tuple(self._criterion.transitions()) if self._settings.crf else ()
        return _validation(replace(self._tagger, transitions=steps), self._validation, self._scheme)


def _validation(tagger: Tagger, pairs: Iterable[Pair], scheme: Scheme) -> Validation | None:
    layers: list[Layer] = []
    predicted: list[Layer] = []
    for chunk in chunks(pairs, AT_ONCE):
        layers += (gold := [layer for _, layer in chunk])
        predicted += map(within, predictions(tagger, chunk), gold)
    if not layers:
        return None
    scores = score_entities(layers, predicted, scheme=scheme)
    return Validation(scores.strict.micro.f1 or 0.0, scores.to_json())


def scored(tagger: Tagger, pairs: Sequence[Pair], scheme: Scheme) -> EntityScores:
    """The scores of a tagger on records with gold layers."""
    return score_entities([layer for _, layer in pairs], predictions(tagger, pairs), scheme=scheme)


def predictions(tagger: Tagger, pairs: Sequence[Pair]) -> list[Layer]:
    """A layer of what a tagger finds in each record."""
    found = tagger([record.text for record, _ in pairs])
    return [_layer(record, to_entities(record.text, spans)) for (record, _), spans in zip(pairs, found, strict=True)]


def _layer(record: Record, entities: Any) -> Layer:
    return Layer(record_id=record.id, name="tagger", author="tagger", entities=entities)

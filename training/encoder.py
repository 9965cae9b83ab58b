"""An encoder learns to label words: LoRA matrices on every linear layer (Hu et al. 2021), or all weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from curation.downloads import downloads_allowed
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.scoring.entities import EntityScores, score_entities
from curation.tagging.encoder import base_folder, splitter
from curation.tagging.labels import OUTSIDE
from curation.tagging.tagger import Tagger, padded, to_entities
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, epoch_batches
from training.examples import Pair, TrainingSet, chunks, make_examples
from training.loop import OnStep, learn, seeded_torch
from training.prepared_encoder import prepared
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.trained import Trained, TrainingJob
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
            model=prepared(base, examples.labels, settings),
            splitter=splitter(base),
            labels=examples.labels,
            window=settings.window,
            stride=settings.stride,
        )
        learner = TaggerLearner(tagger, examples, job.validation, job.scheme, settings)
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)
    return job.saved(
        tagger.model,
        tagger.splitter,
        course,
        base=base,
        check=examples.check,
        labels=examples.labels,
        head="tagger",
        task="entities",
    )


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What word labels in windows hold of some records."""
    return _examples(pairs, scheme, settings, folder=folder).check


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterable[ShownRow]:
    """Each record's pieces with the labels that are learnt: clinical text."""
    base = base_folder(settings.base_model, download=downloads_allowed())
    split = splitter(base)
    for record, layer in pairs:
        examples = make_examples([(record, layer)], scheme=scheme, splitter=split)
        (pieces,) = split([record.text])
        row = examples.rows[0]
        words = [record.text[start:end] for start, end in pieces.words]
        labels = {int(word): examples.labels[target] for word, target in zip(row.word_of, row.targets, strict=True)}
        yield ShownRow(
            record.id, tuple((word, labels[number], labels[number] != OUTSIDE) for number, word in enumerate(words))
        )


def _examples(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, *, folder: Path | None) -> TrainingSet:
    base = base_folder(settings.base_model, download=downloads_allowed())
    return make_examples(
        pairs,
        scheme=scheme,
        splitter=splitter(base),
        window=settings.window,
        stride=settings.stride,
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

        self.model = tagger.model
        self._tagger = tagger
        self._rows = examples.rows
        self._validation = validation
        self._scheme = scheme
        self._settings = settings
        importance = torch.ones(len(tagger.labels), device=self.model.device)
        importance[0] = settings.outside_weight
        self._criterion = torch.nn.CrossEntropyLoss(weight=importance, ignore_index=-100)

    def epoch(self, random: Random) -> EpochBatches:
        """All pieces once."""
        settings = self._settings
        return epoch_batches(
            self._rows,
            room=self._tagger.room,
            batch_size=settings.batch_size,
            batch_tokens=settings.batch_tokens,
            random=random,
        )

    def loss(self, batch: Sequence[Window]) -> Any:
        """The mean cross entropy of the labels of a batch's pieces, some of which are hidden."""
        import torch

        split = self._tagger.splitter
        first, where = len(split.before), self.model.device
        rows = [self._rows[i] for i, _, _ in batch]
        ids, mask = padded([row.ids[start:end] for row, (_, start, end) in zip(rows, batch, strict=True)], split)
        hidden = torch.rand(ids.shape) < self._settings.masking
        targets = torch.full(ids.shape, -100)
        for number, (row, (_, start, end)) in enumerate(zip(rows, batch, strict=True)):
            targets[number, first : first + end - start] = torch.from_numpy(row.targets[start:end])
        ids = ids.masked_fill(hidden & (targets >= 0), split.mask_id)
        logits = self.model(input_ids=ids.to(where), attention_mask=mask.to(where)).logits
        return self._criterion(logits.flatten(0, 1).float(), targets.to(where).flatten())

    def validate(self) -> Validation | None:
        """Strict micro F1 on the validation records."""
        layers, predicted = [], []
        for chunk in chunks(self._validation, AT_ONCE):
            predicted += predictions(self._tagger, chunk)
            layers += [layer for _, layer in chunk]
        if not layers:
            return None
        scores = score_entities(layers, predicted, scheme=self._scheme)
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

"""An encoder learns the labels of whole documents: the mean over all pieces of a text, for each label a choice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from curation.adapters.document_labels import IS, LabelClassifier, outputs_of
from curation.downloads import downloads_allowed
from curation.errors import NothingToGoByError
from curation.record import Layer
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.scoring.labels import score_labels
from curation.tagging.encoder import base_folder, splitter
from curation.tagging.tagger import padded
from curation.tagging.windows import windows
from curation.tagging.words import Splitter
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, batches_of
from training.examples import CHUNK, Pair, chunks
from training.loop import learn, seeded_torch
from training.mixing import mixed
from training.prepared_encoder import prepared
from training.row_file import RowFile
from training.scope import scope_of
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.trained import Trained, TrainingJob
from training.view_check import ViewCheck, ViewCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The target of a label that a record does not have.
ABSENT = -100


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """The texts of a training set on disk with a target for each label, and the values that occur."""

    file: RowFile
    values: dict[str, tuple[str, ...]]
    check: ViewCheck
    renumbered: Mapping[str, NDArray[np.int64]]  # from the scheme's number of a value to that among those that occur

    def read(self, number: int) -> tuple[NDArray[np.int64], list[int]]:
        """A text's pieces, and the number of its value of each label that is learnt."""
        ids, targets = self.file.read(number)
        found = [
            int(order[target]) if target >= 0 else ABSENT
            for order, target in zip(self.renumbered.values(), targets, strict=True)
            if (order >= 0).any()
        ]
        return ids, found


def labelled_texts(
    pairs: Iterable[Pair], scheme: Scheme, *, splitter: Splitter, window: int, folder: Path | None = None
) -> LabelledTexts:
    """The texts that have a document label, on disk; those that have none are not learnt from.

    Only values that occur are learnt, of labels with two of them at least. Raises UsageError for what the scheme does
    not have.
    """
    import numpy as np

    file = RowFile(folder)
    count = ViewCount("labels of whole texts", window - len(splitter.before) - len(splitter.after))
    numbers = {label.name: {value: number for number, value in enumerate(label.values)} for label in scheme.labels}
    for chunk in chunks(pairs, CHUNK):
        check_foreign((layer for _, layer in chunk), scheme)
        for (record, layer), text in zip(chunk, splitter([record.text for record, _ in chunk]), strict=True):
            count.read(record.id, len(text.ids))
            count.annotations += len(layer.labels)
            count.negatives += not layer.labels
            if not len(text.ids):
                count.lost["of a text without words"] += len(layer.labels)
            elif layer.labels:
                count.rows += 1
                count.given_back += len(layer.labels)
                count.seen.update(f"{name}{IS}{value}" for name, value in layer.labels.items())
                targets = [numbers[name].get(layer.labels.get(name, ""), ABSENT) for name in numbers]
                file.append((text.ids, np.array(targets)), scope_of(layer))
    seen = {
        label.name: tuple(value for value in label.values if f"{label.name}{IS}{value}" in count.seen)
        for label in scheme.labels
    }
    values = {name: found for name, found in seen.items() if len(found) > 1}
    renumbered = {
        label.name: np.array(
            [
                values[label.name].index(value) if value in values.get(label.name, ()) else ABSENT
                for value in label.values
            ]
        )
        for label in scheme.labels
    }
    known = outputs_of({label.name: label.values for label in scheme.labels})
    return LabelledTexts(file, values, count.check(known), renumbered)


def train_classifier(job: TrainingJob) -> Trained:
    """A classifier trained on the document labels of some records; with validation records the epoch with the best
    macro F1 (mean over the labels) is kept.

    Raises NothingToGoByError where no label has two values to tell apart.
    """
    settings = job.settings
    base = base_folder(settings.base_model, download=downloads_allowed())
    split = splitter(base)
    texts = labelled_texts(job.learnt_from, job.scheme, splitter=split, window=settings.window, folder=job.work)
    if not texts.values:
        raise NothingToGoByError(
            f"expected training records with two values of a document label, got {len(texts.file)} labelled records "
            "without; label more of them first"
        )
    texts.check.require(settings)
    with seeded_torch(settings):
        model = prepared(base, outputs_of(texts.values), settings)
        classifier = LabelClassifier(model, split, texts.values, settings.window)
        learner = ClassifierLearner(classifier, texts, job.validation, job.scheme, settings)
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)
    return job.saved(
        model,
        split,
        course,
        base=base,
        check=texts.check,
        labels=outputs_of(texts.values),
        head="classifier",
        task="labels",
        details={"values": {name: [*found] for name, found in texts.values.items()}},
    )


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What the view of whole texts holds of some records' document labels."""
    base = base_folder(settings.base_model, download=downloads_allowed())
    return labelled_texts(pairs, scheme, splitter=splitter(base), window=settings.window, folder=folder).check


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterable[ShownRow]:
    """Each record's text, and its labels as the answer: clinical text."""
    for record, layer in pairs:
        labels = tuple((name, value, True) for name, value in sorted(layer.labels.items()))
        yield ShownRow(record.id, (*((word, "", False) for word in record.text.split()), *labels))


class ClassifierLearner:
    """Whole texts with their labels, for the loop."""

    def __init__(
        self,
        classifier: LabelClassifier,
        texts: LabelledTexts,
        validation: Iterable[Pair],
        scheme: Scheme,
        settings: TrainingSettings,
    ) -> None:
        self.model = classifier.model
        self._classifier = classifier
        self._texts = texts
        self._validation = validation
        self._scheme = scheme
        self._settings = settings

    def epoch(self, random: Random) -> EpochBatches:
        """All texts once."""
        import numpy as np

        lengths = np.array(self._texts.file.lengths, dtype=np.int32)
        whole = np.stack([np.arange(len(lengths), dtype=np.int32), np.zeros_like(lengths), lengths], axis=1)
        settings = self._settings
        whole = mixed(whole, self._texts.file.owners, temperature=settings.mixing, random=random)
        return batches_of(whole, settings.batch_size, random=random, batch_tokens=settings.batch_tokens)

    def loss(self, batch: Sequence[Window]) -> Any:
        """The mean cross entropy over the labels that the batch's texts have."""
        import torch

        split, where = self._classifier.splitter, self.model.device
        rows, owners, targets = [], [], []
        for place, (number, _, _) in enumerate(batch):
            ids, target = self._texts.read(number)
            targets.append(target)
            for start, end in windows(len(ids), size=self._classifier.room, stride=0):
                rows.append(ids[start:end])
                owners.append(place)
        ids, mask = padded(rows, split)
        inside = mask.bool()
        inside[:, : len(split.before)] = False
        ends = mask.sum(1) - len(split.after)
        inside &= torch.arange(ids.shape[1])[None] < ends[:, None]
        ids = ids.masked_fill((torch.rand(ids.shape) < self._settings.masking) & inside, split.mask_id)
        logits = self.model(input_ids=ids.to(where), attention_mask=mask.to(where)).logits.float()
        weights = inside.to(where).float()
        summed = (logits * weights[..., None]).sum(1)
        owner = torch.tensor(owners, device=where)
        pooled = torch.zeros(len(batch), logits.shape[-1], device=where).index_add(0, owner, summed)
        pieces = torch.zeros(len(batch), device=where).index_add(0, owner, weights.sum(1))
        return self._cross_entropy(pooled / pieces[:, None], torch.tensor(targets, device=where))

    def _cross_entropy(self, outputs: Any, targets: Any) -> Any:
        import torch

        total, first = outputs.sum() * 0, 0
        for number, values in enumerate(self._texts.values.values()):
            scores = outputs[:, first : first + len(values)]
            first += len(values)
            total = total + torch.nn.functional.cross_entropy(
                scores, targets[:, number], ignore_index=ABSENT, reduction="sum"
            )
        return total / max(1, int((targets != ABSENT).sum()))

    def validate(self) -> Validation | None:
        """Macro F1 of the values, the mean over the labels."""
        gold: list[Layer] = []
        predicted: list[Layer] = []
        for chunk in chunks(self._validation, CHUNK):
            found = self._classifier([record.text for record, _ in chunk])
            gold += [layer.model_copy(update={"entities": (), "relations": ()}) for _, layer in chunk]
            predicted += [
                Layer(
                    record_id=record.id,
                    name="classifier",
                    author="classifier",
                    labels={label: value for label, (value, _) in labels.items()},
                )
                for (record, _), labels in zip(chunk, found, strict=True)
            ]
        scores = score_labels(gold, predicted, scheme=self._scheme)
        measured = [found.macro_f1 for found in scores.values() if found.macro_f1 is not None]
        if not measured:
            return None
        tables: dict[str, Any] = {name: found.model_dump(mode="json") for name, found in scores.items()}
        return Validation(sum(measured) / len(measured), {"labels": tables})

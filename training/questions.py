"""An encoder learns to answer questions about a text, one for each category: machine reading comprehension
(Li et al. 2020), with a label for each word, so that an answer may have several places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from curation.adapters.questions import ANSWER, LABELS, AskedPieces, QuestionReader
from curation.downloads import downloads_allowed
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.scoring.entities import score_entities
from curation.tagging.encoder import base_folder, splitter
from curation.tagging.labels import OUTSIDE, label_words, read_spans
from curation.tagging.tagger import padded, to_entities
from curation.tagging.windows import windows
from curation.tagging.words import Pieces, Splitter
from curation.views.questions import Questions, question, questions_of
from training.answer_shares import answer_shares
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, batches_of, cut_windows
from training.examples import CHANGED, CHUNK, Pair, chunks, in_one_window
from training.loop import learn, seeded_torch
from training.mixing import mixed
from training.prepared_encoder import begin_with_shares, prepared
from training.row_file import RowFile
from training.scope import LayerScope, asked_scheme, scope_of, within
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.trained import Trained, TrainingJob
from training.view_check import TrainingRefusedError, ViewCheck, ViewCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VIEW = "questions about categories"
#: In the place of the label of a piece that no answer can have.
NO_TEXT = -100
RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class AnsweredText:
    """A text's pieces with their words, its language's number, and the labels of the pieces in answers.

    answers: a row for each piece in an answer: the category's number, the piece, the number of its label.
    """

    ids: NDArray[np.int64]
    word_of: NDArray[np.int64]
    answers: NDArray[np.int64]
    language: str
    scope: LayerScope | None = None


class AnsweredTexts:
    """The texts of a training set with the answers to all questions, on disk."""

    def __init__(self, scheme: Scheme, folder: Path | None = None) -> None:
        self.names = scheme.names
        self._file = RowFile(folder)
        self._languages: list[str] = []

    def __len__(self) -> int:
        return len(self._file)

    def length(self, number: int) -> int:
        """The word pieces of a text."""
        return self._file.lengths[number]

    def __getitem__(self, number: int) -> AnsweredText:
        ids, word_of, answers, (language,) = self._file.read(number)
        scope = self._file.scopes[self._file.owners[number]]
        return AnsweredText(ids, word_of, answers.reshape(-1, 3), self._languages[language], scope)

    @property
    def owners(self) -> Sequence[int]:
        """The number of each text's scope."""
        return self._file.owners

    def add(
        self, text: Pieces, language: str, labels: dict[str, Sequence[str]], scope: LayerScope | None = None
    ) -> None:
        """One more text with the labels of its words by category."""
        import numpy as np

        if language not in self._languages:
            self._languages.append(language)
        answers = [
            (self.names.index(category), piece, LABELS.index(f"{label[0]}-{ANSWER}"))
            for category, given in labels.items()
            for piece, word in enumerate(text.word_of)
            if (label := given[word]) != OUTSIDE
        ]
        flat = np.array(answers, dtype=np.int64).reshape(-1)
        self._file.append((text.ids, text.word_of, flat, np.array([self._languages.index(language)])), scope)


def answered_texts(
    pairs: Iterable[Pair],
    scheme: Scheme,
    *,
    splitter: Splitter,
    asked: AskedPieces,
    stride: int,
    folder: Path | None = None,
) -> tuple[AnsweredTexts, ViewCheck]:
    """The texts with the answers to the questions of all categories, and what these hold; only entities that count as
    information are answers.

    Raises UsageError for layers that use what the scheme does not have.
    """
    texts = AnsweredTexts(scheme, folder)
    count = ViewCount(VIEW, asked.room)
    for chunk in chunks(pairs, CHUNK):
        check_foreign((layer for _, layer in chunk), scheme)
        for (record, layer), text in zip(chunk, splitter([record.text for record, _ in chunk]), strict=True):
            counted = [entity for entity in layer.entities if scheme.counts(entity)]
            scope, asked_about = scope_of(layer), asked_scheme(layer, scheme).names
            labels = _labelled(count, record.id, text, counted, asked_about, stride)
            texts.add(text, record.language, labels, scope)
    return texts, count.check(scheme.names)


def _labelled(
    count: ViewCount, record_id: str, text: Pieces, entities: Sequence[Entity], names: Sequence[str], stride: int
) -> dict[str, Sequence[str]]:
    """The labels of a text's words by category, noting what they hold."""
    found: dict[str, Sequence[str]] = {}
    count.read(record_id, len(text.ids))
    ranges = windows(len(text.ids), size=count.room, stride=min(stride, count.room - 1))
    starts = [text.words[word][0] for word in text.word_of]
    count.annotations += len(entities)
    count.rows += len(ranges) * len(names)
    answered: set[tuple[int, str]] = set()
    for category in {entity.category: None for entity in entities}:
        own = [entity for entity in entities if entity.category == category]
        labelled = label_words(own, text.words)
        found[category] = labelled.labels
        count.seen.add(category)
        for reason, number in labelled.lost.items():
            (count.changed if reason in CHANGED else count.lost)[reason] += number
        spans = [span.spans for span in read_spans(text.text, text.words, labelled.labels, [1.0] * len(text.words))]
        count.given_back += (Counter(entity.spans for entity in own) & Counter(spans)).total()
        if len(ranges) > 1:
            count.changed["read in two windows"] += sum(not in_one_window(span, starts, ranges) for span in spans)
        pieces = [piece for piece, word in enumerate(text.word_of) if labelled.labels[word] != OUTSIDE]
        answered |= {
            (place, category)
            for place, (start, end) in enumerate(ranges)
            if any(start <= piece < end for piece in pieces)
        }
    count.negatives += len(ranges) * len(names) - len(answered)
    return found


def train_reader(job: TrainingJob) -> Trained:
    """A reader trained on the layers of some records; with validation records the epoch with the best strict micro F1
    is kept.

    Raises UsageError when there is nothing to learn from, and where annotations would be lost that may not be.
    """
    settings, scheme = job.settings, job.scheme
    base = base_folder(settings.base_model, download=downloads_allowed())
    split = splitter(base)
    questions, asked = _asked(scheme, settings, split)
    texts, check = answered_texts(
        job.learnt_from, scheme, splitter=split, asked=asked, stride=settings.stride, folder=job.work
    )
    learnt = tuple(name for name in scheme.names if name not in check.never_seen)
    if not learnt:
        raise TrainingRefusedError(
            f"expected training records with entities that count as information, got {len(texts)} "
            "records without any; annotate or review them first"
        )
    check.require(settings)
    with seeded_torch(settings):
        model = prepared(base, LABELS, settings)
        reader = QuestionReader(model, split, learnt, asked, settings.stride)
        learner = ReaderLearner(reader, texts, job.validation, scheme, settings)
        begin_with_shares(model, base, answer_shares(learner, settings))
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)
    return job.saved(
        model,
        split,
        course,
        base=base,
        check=check,
        labels=LABELS,
        head="questions",
        task="entities",
        details={
            "categories": [*learnt],
            "questions": {language: {name: asked[name] for name in learnt} for language, asked in questions.items()},
        },
    )


def _asked(scheme: Scheme, settings: TrainingSettings, split: Splitter) -> tuple[Questions, AskedPieces]:
    questions = questions_of(scheme, settings.questions)
    return questions, AskedPieces(split, questions, scheme.names, window=settings.window)


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What the questions' view holds of some records."""
    split = splitter(base_folder(settings.base_model, download=downloads_allowed()))
    _, asked = _asked(scheme, settings, split)
    return answered_texts(pairs, scheme, splitter=split, asked=asked, stride=settings.stride, folder=folder)[1]


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterator[ShownRow]:
    """Each record's text under each question, with the answers: clinical text."""
    split = splitter(base_folder(settings.base_model, download=downloads_allowed()))
    questions, _ = _asked(scheme, settings, split)
    for record, layer in pairs:
        (text,) = split([record.text])
        for name in asked_scheme(layer, scheme).names:
            own = [entity for entity in layer.entities if entity.category == name and scheme.counts(entity)]
            labels = label_words(own, text.words).labels
            words = [record.text[start:end] for start, end in text.words]
            marked = tuple((word, label[0], label != OUTSIDE) for word, label in zip(words, labels, strict=True))
            yield ShownRow(record.id, marked, title=question(questions, name, record.language))


def with_unanswered(
    answered: Sequence[RowT], unanswered: Sequence[RowT], *, negatives: float, random: Random
) -> list[RowT]:
    """All questions with an answer, and `negatives` times as many of those without one, at least one where there is."""
    drawn = min(len(unanswered), max(1, round(negatives * len(answered))))
    return [*answered, *random.sample(unanswered, drawn)]


class AnswerLoss:
    """The mean cross entropy of the labels of texts' pieces, some of which are hidden; all else is only read."""

    def __init__(self, model: Any, splitter: Splitter, settings: TrainingSettings) -> None:
        import torch

        self._model = model
        self._splitter = splitter
        self._masking = settings.masking
        importance = torch.ones(len(LABELS), device=model.device)
        importance[0] = settings.outside_weight
        self._criterion = torch.nn.CrossEntropyLoss(weight=importance, ignore_index=NO_TEXT)

    def __call__(self, rows: Sequence[NDArray[np.int64]], labels: Sequence[NDArray[np.int64]]) -> Any:
        """Of rows of pieces, with the number of each one's label, or NO_TEXT."""
        import torch

        split, where = self._splitter, self._model.device
        ids, mask = padded(rows, split)
        targets = torch.full(ids.shape, NO_TEXT)
        first = len(split.before)
        for place, found in enumerate(labels):
            targets[place, first : first + len(found)] = torch.from_numpy(found)
        hidden = (torch.rand(ids.shape) < self._masking) & (targets != NO_TEXT)
        ids = ids.masked_fill(hidden, split.mask_id)
        logits = self._model(input_ids=ids.to(where), attention_mask=mask.to(where)).logits
        return self._criterion(logits.flatten(0, 1).float(), targets.to(where).flatten())


class ReaderLearner:
    """Windows of texts with a question each, for the loop."""

    def __init__(
        self,
        reader: QuestionReader,
        texts: AnsweredTexts,
        validation: Iterable[Pair],
        scheme: Scheme,
        settings: TrainingSettings,
    ) -> None:
        self.model = reader.model
        self._reader = reader
        self._texts = texts
        self._validation = validation
        self._scheme = scheme
        self._settings = settings
        self._loss = AnswerLoss(reader.model, reader.splitter, settings)

    def epoch(self, random: Random) -> EpochBatches:
        """All answers once, with the questions that have none in their window, or as many of these as are drawn."""
        import numpy as np

        learnt = [self._texts.names.index(name) for name in self._reader.categories]
        answered: list[tuple[int, ...]] = []
        unanswered: list[tuple[int, ...]] = []
        latest: tuple[int, AnsweredText | None] = (-1, None)
        for number, start, end in cut_windows(self._texts, self._reader.asked.room, random).tolist():
            latest = latest if latest[0] == number else (number, self._texts[number])
            assert latest[1] is not None
            answers = latest[1].answers
            present = set(answers[(answers[:, 1] >= start) & (answers[:, 1] < end), 0].tolist())
            scope = latest[1].scope
            for category in learnt:
                if scope is not None and self._texts.names[category] not in scope.categories:
                    continue  # what a set does not annotate, it is not asked
                (answered if category in present else unanswered).append((number, start, end, category))
        drawn = with_unanswered(answered, unanswered, negatives=self._settings.negatives, random=random)
        asked = np.array(drawn, dtype=np.int32).reshape(-1, 4)
        settings = self._settings
        windows = mixed(asked, self._texts.owners, temperature=settings.mixing, random=random)
        return batches_of(windows, settings.batch_size, random=random, batch_tokens=settings.batch_tokens)

    def loss(self, batch: Sequence[Window]) -> Any:
        """The mean cross entropy of the labels of the texts' pieces, some of which are hidden; questions are only
        read."""
        return self._loss(*self.labelled(batch))

    def labelled(self, batch: Sequence[Window]) -> tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]]:
        """The pieces of each question with its text, and the number of each one's label."""
        import numpy as np

        rows: list[NDArray[np.int64]] = []
        targets: list[NDArray[np.int64]] = []
        for number, start, end, category in batch:
            text = self._texts[number]
            before = self._reader.asked(self._texts.names[category], text.language)
            rows.append(np.concatenate([before, text.ids[start:end]]))
            labels = np.zeros(len(rows[-1]), dtype=np.int64)
            labels[: len(before)] = NO_TEXT
            for of, piece, label in text.answers.tolist():
                if of == category and start <= piece < end:
                    labels[len(before) + piece - start] = label
            targets.append(labels)
        return rows, targets

    def validate(self) -> Validation | None:
        """Strict micro F1 on the validation records, asked all questions."""
        gold: list[Layer] = []
        predicted: list[Layer] = []
        for chunk in chunks(self._validation, CHUNK):
            records = [record for record, _ in chunk]
            found = self._reader([record.text for record in records], [record.language for record in records])
            gold += (layers := [layer for _, layer in chunk])
            predicted += [
                within(_layer(record, to_entities(record.text, spans)), layer)
                for record, spans, layer in zip(records, found, layers, strict=True)
            ]
        if not gold:
            return None
        scores = score_entities(gold, predicted, scheme=self._scheme)
        return Validation(scores.strict.micro.f1 or 0.0, scores.to_json())


def _layer(record: Record, entities: tuple[Entity, ...]) -> Layer:
    return Layer(record_id=record.id, name="questions", author="questions", entities=entities)

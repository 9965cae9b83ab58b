"""An encoder learns relations by questions: one about each head and relation type, whose answers are the tails (Li et
al. 2019, Entity-Relation Extraction as Multi-turn Question Answering)."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from curation.adapters.questions import ANSWER, LABELS
from curation.adapters.relation_pairs import RelationKind
from curation.adapters.relation_questions import (
    AskedHead,
    HeadAsker,
    HeadQuestion,
    TailReader,
    head_questions,
    linked,
)
from curation.adapters.relations import FoundRelation
from curation.downloads import downloads_allowed
from curation.errors import NothingToGoByError
from curation.record import Entity, Layer
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.tagging.encoder import base_folder, splitter
from curation.tagging.labels import OUTSIDE, label_words, read_spans
from curation.tagging.words import Pieces, Splitter
from curation.views.relation_questions import RelationQuestions, relation_questions
from training.answer_shares import answer_shares
from training.course import Validation
from training.epoch_batches import EpochBatches, Window, batches_of
from training.examples import CHANGED, CHUNK, Pair, chunks
from training.loop import learn, seeded_torch
from training.mixing import mixed
from training.prepared_encoder import begin_with_shares, prepared
from training.questions import NO_TEXT, AnswerLoss, with_unanswered
from training.relations import FURTHER_APART, NOT_ALLOWED, kinds_of, relation_validation, told_kinds
from training.row_file import RowFile
from training.scope import asked_scheme, scope_of
from training.settings import TrainingSettings
from training.shown import ShownRow
from training.trained import Trained, TrainingJob
from training.view_check import ViewCheck, ViewCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VIEW = "questions about heads"


@dataclass
class HeadRows:
    """The questions of a training set on disk, with the labels of their pieces, the number of each one's relation type,
    and whether it has an answer."""

    file: RowFile
    kinds: array[int] = field(default_factory=lambda: array("i"))
    answered: array[int] = field(default_factory=lambda: array("b"))

    def read(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pieces of a question beside its text, and the label of each."""
        ids, labels = self.file.read(number)
        return ids, labels


def head_rows(
    pairs: Iterable[Pair], scheme: Scheme, *, splitter: Splitter, ask: HeadAsker, folder: Path | None = None
) -> tuple[HeadRows, ViewCheck]:
    """The questions about all heads with their answers, on disk, and what they hold of the relations.

    Raises UsageError for layers that use what the scheme does not have.
    """
    kinds = kinds_of(scheme)
    rows = HeadRows(RowFile(folder))
    count = ViewCount(VIEW, ask.room)
    for chunk in chunks(pairs, CHUNK):
        check_foreign((layer for _, layer in chunk), scheme)
        for (record, layer), text in zip(chunk, splitter([record.text for record, _ in chunk]), strict=True):
            count.read(record.id, len(text.ids))
            count.annotations += len(layer.relations)
            count.seen.update(relation.type for relation in layer.relations)
            told = _ToldTails(layer)
            for question in head_questions(layer, _asked_kinds(layer, kinds)):
                tails = told.of(question, count)
                asked = ask(text, question, record.language)
                if asked is None:
                    count.lost["of a head that is longer than a window"] += len(tails)
                    continue
                labels = _labelled(asked, question, tails, count)
                _add(rows, asked, labels, kinds.index(question.kind), layer)
                count.rows += 1
                count.negatives += all(label == OUTSIDE for label in labels)
            count.lost[NOT_ALLOWED] += told.left
    return rows, count.check(tuple(kind.name for kind in kinds))


def _asked_kinds(layer: Layer, kinds: Sequence[RelationKind]) -> list[RelationKind]:
    """The relation types that a layer annotates: what a set does not annotate, it is not asked."""
    scope = scope_of(layer)
    return [kind for kind in kinds if scope is None or kind.name in scope.relations]


class _ToldTails:
    """The tails that a layer tells of each head and relation type, until they are asked about."""

    def __init__(self, layer: Layer) -> None:
        self._tails: dict[tuple[str, str], list[str]] = {}
        for relation in layer.relations:
            self._tails.setdefault((relation.type, relation.head), []).append(relation.tail)
        #: Of one category and wording at one place, so that their questions are the same.
        self._alike = Counter(map(_face, layer.entities))
        self._faces = {entity.id: _face(entity) for entity in layer.entities}

    @property
    def left(self) -> int:
        """How many no question was about."""
        return sum(map(len, self._tails.values()))

    def of(self, question: HeadQuestion, count: ViewCount) -> list[Entity]:
        """The tails that answer a question, each once; notes what is none that the relation type allows."""
        told = Counter(self._tails.pop((question.kind.name, question.head.id), ()))
        tails = [tail for tail in question.tails if tail.id in told]
        count.lost["told twice"] += told.total() - len(told)
        count.lost[NOT_ALLOWED] += len(told) - len(tails)
        if self._alike[self._faces[question.head.id]] > 1:
            count.changed["of a head that is asked about in the same words as another one"] += len(tails)
        return tails


def _face(entity: Entity) -> tuple[str, str, int, int]:
    """What a question and the marks show of a head."""
    return (entity.category, entity.text, entity.start, entity.end) if entity.fragments else (entity.id, "", 0, 0)


def _labelled(asked: AskedHead, question: HeadQuestion, tails: Sequence[Entity], count: ViewCount) -> Sequence[str]:
    """The labels of the words of a question's window, noting what they hold."""
    near = [tail.model_copy(update={"category": ANSWER}) for tail in tails if asked.holds(tail)]
    count.lost[FURTHER_APART] += len(tails) - len(near)
    if asked.shortened:
        count.changed["asked about with a part of the head's wording"] += len(near)
    labelled = label_words(near, asked.text.words)
    for reason, number in labelled.lost.items():
        (count.changed if reason in CHANGED else count.lost)[reason] += number
    sure = [1.0] * len(labelled.labels)
    relations, _ = linked(read_spans(asked.text.text, asked.text.words, labelled.labels, sure), question)
    given_back = len({relation.tail for relation in relations} & {tail.id for tail in near})
    count.given_back += given_back
    held = len(near) - sum(number for reason, number in labelled.lost.items() if reason not in CHANGED)
    count.changed["answered by words that meet another entity as well"] += held - given_back
    return labelled.labels


def _add(rows: HeadRows, asked: AskedHead, labels: Sequence[str], kind: int, layer: Layer) -> None:
    """One more question with its labels."""
    import numpy as np

    numbers = np.array([LABELS.index(label) for label in labels], dtype=np.int64)
    targets = np.full(len(asked.ids), NO_TEXT, dtype=np.int64)
    targets[asked.places] = numbers[asked.text.word_of]
    rows.file.append((asked.ids, targets), scope_of(layer))
    rows.kinds.append(kind)
    rows.answered.append(int(numbers.any()))


def train_tail_reader(job: TrainingJob) -> Trained:
    """A reader of tails trained on the layers of some records; with validation records the epoch with the best micro F1
    on gold entities is kept.

    Raises NothingToGoByError when no record has a relation, and UsageError where some would be lost that may not be.
    """
    settings, kinds = job.settings, kinds_of(job.scheme)
    base = base_folder(settings.base_model, download=downloads_allowed())
    split = splitter(base)
    questions, ask = _asker(job.scheme, settings, split)
    rows, check = head_rows(job.learnt_from, job.scheme, splitter=split, ask=ask, folder=job.work)
    if check.rows == check.negatives:
        raise NothingToGoByError(
            f"expected training records with relations, got {check.records} without any that can be learnt; "
            "annotate some first"
        )
    check.require(settings)
    learnt = tuple(kind for kind in kinds if kind.name not in check.never_seen)
    with seeded_torch(settings):
        model = prepared(base, LABELS, settings)
        learner = TailLearner(TailReader(model, split, learnt, ask), rows, kinds, job.validation, job.scheme, settings)
        begin_with_shares(model, base, answer_shares(learner, settings))
        course = learn(learner, settings, checkpoints=job.checkpoints, on_step=job.on_step)
    names = [kind.name for kind in learnt]
    return job.saved(
        model,
        split,
        course,
        base=base,
        check=check,
        labels=LABELS,
        head="questions",
        task="relations",
        details={
            "categories": [],
            "relations": told_kinds(learnt),
            "learnt": [*names],
            "questions": {
                language: {name: asked[name] for name in names} for language, asked in questions.by_type.items()
            },
            "category_labels": {language: dict(labels) for language, labels in questions.labels.items()},
        },
    )


def _asker(scheme: Scheme, settings: TrainingSettings, split: Splitter) -> tuple[RelationQuestions, HeadAsker]:
    questions = relation_questions(scheme, settings.questions)
    return questions, HeadAsker(split, questions, kinds_of(scheme), window=settings.window)


def check(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings, folder: Path | None = None) -> ViewCheck:
    """What the view of questions about heads holds of some records' relations."""
    split = splitter(base_folder(settings.base_model, download=downloads_allowed()))
    _, ask = _asker(scheme, settings, split)
    return head_rows(pairs, scheme, splitter=split, ask=ask, folder=folder)[1]


def shown(pairs: Iterable[Pair], scheme: Scheme, settings: TrainingSettings) -> Iterator[ShownRow]:
    """The words of each question's window under the question, with the answers: clinical text."""
    split = splitter(base_folder(settings.base_model, download=downloads_allowed()))
    questions, ask = _asker(scheme, settings, split)
    for record, layer in pairs:
        (text,) = split([record.text])
        told = _ToldTails(layer)
        for question in head_questions(layer, kinds_of(asked_scheme(layer, scheme))):
            tails = told.of(question, ViewCount(VIEW, ask.room))
            if (asked := ask(text, question, record.language)) is None:
                continue
            labels = _labelled(asked, question, tails, ViewCount(VIEW, ask.room))
            kind, head = question.kind, question.head
            title = questions.of(kind.name, head.category, head.text, record.language)
            yield ShownRow(record.id, tuple(_words(asked.text, labels, head)), title=title)


def _words(text: Pieces, labels: Sequence[str], head: Entity) -> Iterator[tuple[str, str, bool]]:
    """Each word with its label; the marks of the head stand as words that are no answer."""
    ends = [end for _, end in text.words]
    starts = [start for start, _ in text.words]
    marks = {bisect_right(ends, head.start), bisect_left(starts, head.end)}
    for number, ((start, end), label) in enumerate(zip(text.words, labels, strict=True)):
        if number in marks:
            yield "@", "head", False
        yield text.text[start:end], label[0], label != OUTSIDE
    if len(labels) in marks:
        yield "@", "head", False


class TailLearner:
    """Questions about heads with their answers, for the loop."""

    def __init__(
        self,
        reader: TailReader,
        rows: HeadRows,
        kinds: Sequence[RelationKind],
        validation: Iterable[Pair],
        scheme: Scheme,
        settings: TrainingSettings,
    ) -> None:
        self.model = reader.model
        self._reader = reader
        self._rows = rows
        self._learnt = {number for number, kind in enumerate(kinds) if kind in reader.kinds}
        self._validation = validation
        self._scheme = scheme
        self._settings = settings
        self._loss = AnswerLoss(reader.model, reader.splitter, settings)

    def epoch(self, random: Random) -> EpochBatches:
        """All questions with an answer once, and as many of those without one as are drawn."""
        import numpy as np

        settings, rows = self._settings, self._rows
        learnt = [number for number, kind in enumerate(rows.kinds) if kind in self._learnt]
        drawn = with_unanswered(
            [number for number in learnt if rows.answered[number]],
            [number for number in learnt if not rows.answered[number]],
            negatives=settings.negatives,
            random=random,
        )
        whole = np.array([(number, 0, rows.file.lengths[number]) for number in drawn], dtype=np.int32).reshape(-1, 3)
        windows = mixed(whole, rows.file.owners, temperature=settings.mixing, random=random)
        return batches_of(windows, settings.batch_size, random=random, batch_tokens=settings.batch_tokens)

    def loss(self, batch: Sequence[Window]) -> Any:
        """The mean cross entropy of the labels of the texts' pieces."""
        return self._loss(*self.labelled(batch))

    def labelled(self, batch: Sequence[Window]) -> tuple[Sequence[NDArray[np.int64]], Sequence[NDArray[np.int64]]]:
        """The pieces of each question with its text, and the number of each one's label."""
        rows, labels = zip(*(self._rows.read(number) for number, *_ in batch), strict=True)
        return rows, labels

    def validate(self) -> Validation | None:
        """Micro F1 of the relations between gold entities."""

        def found() -> Iterator[tuple[Layer, Sequence[FoundRelation]]]:
            for chunk in chunks(self._validation, CHUNK):
                layers = [layer for _, layer in chunk]
                texts, languages = zip(*((record.text, record.language) for record, _ in chunk), strict=True)
                read = self._reader(texts, languages, layers)
                yield from zip(layers, (relations for relations, _ in read), strict=True)

        return relation_validation(found(), self._scheme)

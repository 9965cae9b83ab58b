"""Records and their layers as rows of labelled word pieces."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.tagging.labels import CONTINUES, OUTSIDE, category_of, label_set, label_words, read_spans
from curation.tagging.windows import windows
from curation.tagging.words import Pieces, Splitter
from training.epoch_batches import Window, epoch_batches
from training.row_file import RowFile
from training.view_check import ViewCheck, ViewCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Pair", "TrainingExample", "TrainingSet", "Window", "epoch_batches", "make_examples"]

Pair = tuple[Record, Layer]
ThingT = TypeVar("ThingT")

#: Records that are split into word pieces at once.
CHUNK = 64
#: What `label_words` counts that is learnt, but otherwise than it stands.
CHANGED = ("widened", "rejoined")


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One record: its pieces, and the label of each piece's word."""

    ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    word_of: NDArray[np.int64]


class TrainingRows(Sequence[TrainingExample]):
    """The examples of a training set, read from disk one by one."""

    def __init__(self, file: RowFile, order: NDArray[np.int64]) -> None:
        self._file = file
        self._order = order  # the number of each label in the order in which it was met

    def __len__(self) -> int:
        return len(self._file)

    def length(self, number: int) -> int:
        """The word pieces of an example."""
        return self._file.lengths[number]

    @overload
    def __getitem__(self, number: int) -> TrainingExample: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[TrainingExample]: ...
    def __getitem__(self, number: int | slice) -> TrainingExample | Sequence[TrainingExample]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        if not -len(self) <= number < len(self):
            raise IndexError(number)
        ids, targets, word_of = self._file.read(number % len(self))
        return TrainingExample(ids, self._order[targets], word_of)


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The examples of a training set, their labels, and what the labels could not hold."""

    rows: TrainingRows
    labels: tuple[str, ...]
    check: ViewCheck

    @property
    def lost(self) -> Counter[str]:
        """What the labels do not hold, or hold otherwise, by reason."""
        return Counter(self.check.lost) + Counter(self.check.changed)

    @property
    def entities(self) -> int:
        """How many entities count as information."""
        return self.check.annotations


def make_examples(
    pairs: Iterable[Pair],
    *,
    scheme: Scheme,
    splitter: Splitter,
    window: int = 256,
    stride: int = 128,
    folder: Path | None = None,
) -> TrainingSet:
    """Examples of all records, on disk in a folder; only entities that count as information are learnt.

    Every piece of a word carries the word's label, as its scores are averaged when predicting.
    Labels are those of the categories that occur, so that none is left untrained. Raises UsageError for layers that use
    what the scheme does not have.
    """
    import numpy as np

    file = RowFile(folder)
    met: dict[str, int] = {OUTSIDE: 0}
    room = window - len(splitter.before) - len(splitter.after)
    count = ViewCount("word labels in windows", room)
    for chunk in chunks(pairs, CHUNK):
        check_foreign((layer for _, layer in chunk), scheme)
        for (record, layer), text in zip(chunk, splitter([record.text for record, _ in chunk]), strict=True):
            counted = [entity for entity in layer.entities if scheme.counts(entity)]
            labelled = label_words(counted, text.words)
            words = np.array([met.setdefault(label, len(met)) for label in labelled.labels], dtype=np.int64)
            file.append((text.ids, words[text.word_of], text.word_of))
            _count(count, record.id, text, counted, labelled.labels, labelled.lost, stride=stride)
    labels = _labels(scheme, met)
    order = np.array([labels.index(label) for label in met], dtype=np.int64)
    return TrainingSet(TrainingRows(file, order), labels, count.check(scheme.names))


def _count(
    count: ViewCount,
    record_id: str,
    text: Pieces,
    entities: Sequence[Entity],
    labels: Sequence[str],
    lost: Counter[str],
    *,
    stride: int,
) -> None:
    """Notes what the labels of one record hold."""
    count.read(record_id, len(text.ids))
    ranges = windows(len(text.ids), size=count.room, stride=stride)
    count.rows += len(ranges)
    count.annotations += len(entities)
    count.seen.update(entity.category for entity in entities)
    for reason, number in lost.items():
        (count.changed if reason in CHANGED else count.lost)[reason] += number
    sure = [1.0] * len(labels)
    found = Counter((span.category, span.spans) for span in read_spans(text.text, text.words, labels, sure))
    count.given_back += (Counter((entity.category, entity.spans) for entity in entities) & found).total()
    if len(ranges) > 1:
        starts = [text.words[word][0] for word in text.word_of]
        count.changed["read in two windows"] += sum(
            not in_one_window(spans, starts, ranges) for _, spans in found.elements()
        )


def in_one_window(spans: Sequence[tuple[int, int]], starts: Sequence[int], ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether one of the windows (ranges of pieces, which start at these characters) holds all of an entity."""
    first, last = bisect_left(starts, spans[0][0]), bisect_left(starts, spans[-1][1])
    return any(start <= first and last <= end for start, end in ranges)


def chunks(things: Iterable[ThingT], size: int) -> Iterator[list[ThingT]]:
    """The things in lists of so many."""
    iterator = iter(things)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _labels(scheme: Scheme, seen: Iterable[str]) -> tuple[str, ...]:
    found = set(seen) - {OUTSIDE}
    categories = {category_of(label) for label in found}
    return label_set(
        [name for name in scheme.names if name in categories],
        continued={category_of(label) for label in found if label[0] == CONTINUES},
    )

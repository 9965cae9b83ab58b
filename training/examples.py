"""Records and their layers as rows of labelled word pieces."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.tagging.heads import ALL, Head, heads_of, label_heads, united
from curation.tagging.labels import OUTSIDE, Labelled, read_spans
from curation.tagging.windows import windows
from curation.tagging.words import Pieces, Splitter
from training.epoch_batches import Window, epoch_batches
from training.row_file import RowFile
from training.scope import LayerScope, scope_of
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
    """One record: its pieces, and the label of each piece's word in each head, as its number in the head."""

    ids: NDArray[np.int64]
    targets: NDArray[np.int64]  # (pieces, heads)
    word_of: NDArray[np.int64]


class TrainingRows(Sequence[TrainingExample]):
    """The examples of a training set, read from disk one by one."""

    def __init__(self, file: RowFile, order: NDArray[np.int64], heads: int) -> None:
        self._file = file
        self._order = order  # the head and the number of each label, in the order in which it was met
        self._heads = heads

    def __len__(self) -> int:
        return len(self._file)

    @property
    def owners(self) -> Sequence[int]:
        """The number of each example's scope."""
        return self._file.owners

    @property
    def scopes(self) -> Sequence[LayerScope | None]:
        """What the examples' layers annotate."""
        return self._file.scopes

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
        import numpy as np

        ids, word_of, marks = self._file.read(number % len(self))
        words = np.zeros((word_of[-1] + 1 if len(word_of) else 0, self._heads), dtype=np.int64)
        label, word = marks.reshape(-1, 2).T
        words[word, self._order[label, 0]] = self._order[label, 1]
        return TrainingExample(ids, words[word_of], word_of)


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The examples of a training set, their labels, and what the labels could not hold."""

    rows: TrainingRows
    labels: tuple[str, ...]
    check: ViewCheck
    #: Of all words, the share that has each label.
    shares: tuple[float, ...]

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
    by_category: bool = False,
    folder: Path | None = None,
) -> TrainingSet:
    """Examples of all records, on disk in a folder; only entities that count as information are learnt.

    by_category: labels for each category apart, which hold entities that lie in each other.

    Every piece of a word carries the word's label, as its scores are averaged when predicting.
    Labels are those of the categories that occur, so that none is left untrained. Raises UsageError for layers that use
    what the scheme does not have.
    """
    import numpy as np

    file = RowFile(folder)
    met: dict[tuple[Head, str], int] = {}
    counts: Counter[tuple[Head, str]] = Counter()
    words = 0
    room = window - len(splitter.before) - len(splitter.after)
    count = ViewCount("word labels of each category in windows" if by_category else "word labels in windows", room)
    for chunk in chunks(pairs, CHUNK):
        check_foreign((layer for _, layer in chunk), scheme)
        for (record, layer), text in zip(chunk, splitter([record.text for record, _ in chunk]), strict=True):
            counted = [entity for entity in layer.entities if scheme.counts(entity)]
            heads = label_heads(counted, text.words, by_category=by_category)
            marks = [
                (met.setdefault((head, label), len(met)), word)
                for head, labelled in heads.items()
                for word, label in enumerate(labelled.labels)
                if label != OUTSIDE
            ]
            file.append((text.ids, text.word_of, np.array(marks, dtype=np.int64).reshape(-1)), scope_of(layer))
            words += len(text.words)
            counts.update((head, label) for head, labelled in heads.items() for label in labelled.labels)
            _count(count, record.id, text, counted, heads.values(), stride=stride)
    known = heads_of(met, scheme.names) or {ALL: (OUTSIDE,)}
    order = [([*known].index(head), known[head].index(label)) for head, label in met]
    rows = TrainingRows(file, np.array(order, dtype=np.int64).reshape(-1, 2), len(known))
    labels = tuple(label for own in known.values() for label in own)
    return TrainingSet(rows, labels, count.check(scheme.names), tuple(_shares(known, counts, words)))


def _shares(known: Mapping[Head, Sequence[str]], counts: Mapping[tuple[Head, str], int], words: int) -> Iterator[float]:
    """The share of the words that each label of each head has; records without any of a head are outside in it."""
    for head, labels in known.items():
        inside = [counts.get((head, label), 0) for label in labels[1:]]
        yield from (count / max(1, words) for count in (words - sum(inside), *inside))


def _count(
    count: ViewCount,
    record_id: str,
    text: Pieces,
    entities: Sequence[Entity],
    heads: Iterable[Labelled],
    *,
    stride: int,
) -> None:
    """Notes what the labels of one record hold."""
    count.read(record_id, len(text.ids))
    ranges = windows(len(text.ids), size=count.room, stride=stride)
    count.rows += len(ranges)
    count.annotations += len(entities)
    count.seen.update(entity.category for entity in entities)
    sure = [1.0] * len(text.words)
    read = []
    for labelled in heads:
        read.append(read_spans(text.text, text.words, labelled.labels, sure))
        for reason, number in labelled.lost.items():
            (count.changed if reason in CHANGED else count.lost)[reason] += number
    found = Counter((span.category, span.spans) for span in united(read))
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

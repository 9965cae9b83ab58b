"""Records and their layers as rows of labelled word pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.scheme_change import check_foreign
from curation.tagging.labels import CONTINUES, OUTSIDE, category_of, label_set, label_words
from curation.tagging.words import Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Pair = tuple[Record, Layer]


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """One record: its pieces, and the label of each piece's word."""

    record_id: str
    ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    word_of: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The examples of a training set, their labels, and what the labels could not hold, by reason."""

    rows: tuple[TrainingExample, ...]
    labels: tuple[str, ...]
    lost: Counter[str]
    entities: int


def make_examples(pairs: Iterable[Pair], *, scheme: Scheme, splitter: Splitter) -> TrainingSet:
    """Examples of all records; only entities that count as information are learnt.

    Every piece of a word carries the word's label, as its scores are averaged when predicting.
    Labels are those of the categories that occur, so that none is left untrained. Raises UsageError for layers that use
    what the scheme does not have.
    """
    import numpy as np

    pairs = list(pairs)
    check_foreign((layer for _, layer in pairs), scheme)
    pieces = splitter([record.text for record, _ in pairs])
    counted = [[entity for entity in layer.entities if scheme.counts(entity)] for _, layer in pairs]
    labelled = [label_words(entities, text.words) for entities, text in zip(counted, pieces, strict=True)]
    labels = _labels(scheme, (label for text in labelled for label in text.labels))
    index = {label: i for i, label in enumerate(labels)}
    rows = []
    for (record, _), text, given in zip(pairs, pieces, labelled, strict=True):
        words = np.array([index[label] for label in given.labels], dtype=np.int64)
        rows.append(TrainingExample(record.id, text.ids, words[text.word_of], text.word_of))
    return TrainingSet(
        rows=tuple(rows),
        labels=labels,
        lost=sum((text.lost for text in labelled), Counter()),
        entities=sum(map(len, counted)),
    )


def _labels(scheme: Scheme, seen: Iterable[str]) -> tuple[str, ...]:
    found = set(seen) - {OUTSIDE}
    categories = {category_of(label) for label in found}
    return label_set(
        [name for name in scheme.names if name in categories],
        continued={category_of(label) for label in found if label[0] == CONTINUES},
    )


#: A window of an example: its number, and the range of its pieces.
Window = tuple[int, int, int]


def epoch_batches(rows: Sequence[TrainingExample], *, room: int, batch_size: int, random: Random) -> list[list[Window]]:
    """All pieces of all examples once, as batches of windows of like length, in random order.

    Long examples are cut at other words in every epoch, so that each word is also learnt with the words
    around it; when predicting, windows overlap instead.
    """
    cut = [(i, start, end) for i, row in enumerate(rows) for start, end in _cut(row, room, random)]
    random.shuffle(cut)
    batches: list[list[Window]] = []
    for start in range(0, len(cut), batch_size * 8):
        like = sorted(cut[start : start + batch_size * 8], key=lambda window: window[2] - window[1])
        batches += [like[i : i + batch_size] for i in range(0, len(like), batch_size)]
    random.shuffle(batches)
    return batches


def _cut(row: TrainingExample, room: int, random: Random) -> Iterator[tuple[int, int]]:
    length, start = len(row.ids), 0
    end = length if length <= room else random.randint(room // 2, room)
    while start < length:
        end = _word_border(row, start, end)
        yield start, end
        start, end = end, min(end + room, length)


def _word_border(row: TrainingExample, start: int, end: int) -> int:
    """The last start of a word at or before ``end``; ``end`` itself where a word fills the window."""
    border = end
    while start < border < len(row.ids) and row.word_of[border] == row.word_of[border - 1]:
        border -= 1
    return border if border > start else end

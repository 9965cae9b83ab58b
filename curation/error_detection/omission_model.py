"""Likely omissions of a layer, by a model of which words the layers of other groups of records mark.

A linear model learns from layers which words are in entities: by the word and its neighbours, their ends and
shapes, and by whether the same word is in an entity elsewhere in its own record. A record is judged by the
model that has not seen its group (patient or article), so that a layer's own omissions are not learnt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from curation.error_detection.word_features import WordFeatures, bucketed, number_of, sparse, words_of
from curation.record import Layer, Record, digest, normal_group

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.error_detection.word_features import Numbers

    Inside = NDArray[np.bool_]

#: Parts that groups fall into; each is judged by the model of the other parts.
FOLDS = 5
#: Words that are learnt from in each part, at most: those of the records whose ids have the least digests.
MOST = 50_000
#: Passes over them, and the regularisation for each word that is learnt from, so that probabilities mean much the
#: same whether fifty records are learnt from or thousands (chosen on MACCROBAT, in halves of several sizes).
EPOCHS, REGULARISATION = 6, 2.4
#: Probability from which on a word belongs to a mention.
PART = 0.5
#: Letters at the end of a word that are a feature of their own, longer than those of `WordFeatures`.
END = 5


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that is likely a fact, with the probability of its likeliest word, and whether an entity overlaps it."""

    start: int
    end: int
    chance: float
    met: bool


class Mentions:
    """The likely facts of records, each by a model that has not seen their group."""

    def __init__(self, taught: Iterable[tuple[Record, Layer]], *, seed: int = 0) -> None:
        self._words = _Words()
        pools = [_Pool() for _ in range(FOLDS)]
        for record, layer in taught:
            pools[_fold(record)].add(record.id, partial(self._words, record, layer))
        self._models = [_fitted([other for other in pools if other is not pool], seed) for pool in pools]

    def __call__(self, record: Record, layer: Layer) -> list[Mention]:
        """The likely facts of a record, in order; none where the other groups taught nothing."""
        model, spans = self._models[_fold(record)], words_of(record.text)
        if model is None or not spans:
            return []
        rows, inside = self._words(record, layer)
        probabilities = model.predict_proba(sparse(rows))[:, 1]
        return [
            Mention(
                spans[first][0],
                spans[last - 1][1],
                float(probabilities[first:last].max()),
                bool(inside[first:last].any()),
            )
            for first, last in _runs(probabilities >= PART)
        ]


class _Words:
    """The features of the words of a record, and which of them are in entities."""

    def __init__(self) -> None:
        self._near = WordFeatures()
        self._ends: dict[str, int] = {}

    def __call__(self, record: Record, layer: Layer) -> tuple[Numbers, Inside]:
        import numpy as np

        spans = words_of(record.text)
        inside = _inside(spans, layer)
        words = [record.text[start:end].lower() for start, end in spans]
        codes = self._near.codes(record.text, spans)
        rows = [self._near(record.text, spans), bucketed(self._around(words, codes), first=50)]
        return np.concatenate([*rows, bucketed(_own(words, inside), first=90)], axis=1), inside

    def _around(self, words: Sequence[str], codes: Numbers) -> tuple[Numbers, ...]:
        """Words and pairs of words up to three words away, and the ends of the neighbours."""
        import numpy as np

        edge = np.zeros(3, dtype=np.int64)
        b3, b2, b1, word, a1, a2, a3 = (np.concatenate([edge, codes[:, 0], edge])[i : i + len(words)] for i in range(7))
        ends = np.concatenate([edge, codes[:, 1], edge])
        before, after = ends[2 : 2 + len(words)], ends[4 : 4 + len(words)]
        longer = np.array([self._end(form) for form in words], dtype=np.int64)
        pairs = (b1 * 41 + word * 43 + a1, b1 * 47 + a1, b2 * 53 + b1, a1 * 59 + a2)
        return (b3, a3, *pairs, before, after, longer)

    def _end(self, word: str) -> int:
        end = word[-END:]
        if end not in self._ends:
            self._ends[end] = number_of(end)
        return self._ends[end]


def _own(words: Sequence[str], inside: Inside) -> tuple[Numbers, ...]:
    """In thirds, how often the same word is in an entity elsewhere in the record; 0 where it does not occur again."""
    import numpy as np

    count, marked = Counter(words), Counter(word for word, is_in in zip(words, inside, strict=True) if is_in)
    share = np.array(
        [
            1 + round(3 * (marked[word] - bool(is_in)) / (count[word] - 1)) if count[word] > 1 else 0
            for word, is_in in zip(words, inside, strict=True)
        ],
        dtype=np.int64,
    )
    long = np.array([len(word) > 3 for word in words], dtype=np.int64)
    return share * 7 + 1, share * 7 + 2 + long * 100


def _inside(spans: Sequence[tuple[int, int]], layer: Layer) -> Inside:
    """Which words share a character with an entity."""
    import numpy as np

    inside = np.zeros(len(spans), dtype=np.bool_)
    ends = [end for _, end in spans]
    starts = [start for start, _ in spans]
    for entity in layer.entities:
        for start, end in entity.spans:
            inside[bisect_left(ends, start + 1) : bisect_left(starts, end)] = True
    return inside


class _Pool:
    """The words that a part learns from."""

    def __init__(self) -> None:
        self._records: list[tuple[int, str, Numbers, Inside]] = []
        self._size = 0

    def add(self, record_id: str, words: Callable[[], tuple[Numbers, Inside]]) -> None:
        """Takes in a record's words, unless there are enough of records with lesser digests."""
        key = -number_of(record_id)
        if self._size >= MOST and key < self._records[0][0]:
            return
        rows, inside = words()
        heappush(self._records, (key, record_id, rows, inside))
        self._size += len(inside)
        while self._size - len(self._records[0][3]) >= MOST:
            self._size -= len(heappop(self._records)[3])

    def rows(self) -> list[tuple[Numbers, Inside]]:
        """What was taken in, in an order that does not depend on when it came."""
        return [
            (rows, inside) for _, _, rows, inside in sorted(self._records, key=lambda entry: entry[:2]) if len(inside)
        ]


def _fitted(pools: Sequence[_Pool], seed: int) -> Any:
    """The model of what some parts teach; None where they do not have words both inside and outside of entities."""
    import numpy as np
    from sklearn.linear_model import SGDClassifier

    taught = [rows_and_labels for pool in pools for rows_and_labels in pool.rows()]
    if not taught:
        return None
    inside = np.concatenate([labels for _, labels in taught])
    if inside.all() or not inside.any():
        return None
    alpha = REGULARISATION / len(inside)
    model = SGDClassifier(loss="log_loss", alpha=alpha, max_iter=EPOCHS, tol=None, random_state=seed, average=True)
    return model.fit(sparse(np.concatenate([rows for rows, _ in taught])), inside)


def _fold(record: Record) -> int:
    return int(digest(normal_group(record.group), length=8), 16) % FOLDS


def _runs(marked: Inside) -> list[tuple[int, int]]:
    """From where to where values are true."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))

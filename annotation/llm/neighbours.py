"""Which texts are near a text: by a sentence encoder, or by their character n-grams where none knows the language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from curation.embeddings.encoder import Encoder
from curation.embeddings.record_vectors import record_vectors
from curation.embeddings.vector_store import VectorStore
from curation.errors import MissingExtraError
from curation.record import Record
from curation.sets.duplicates import normalised

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Scores = npt.NDArray[np.float32]

#: What a text is compared by where no encoder knows its language, and the number of this way of doing it.
NGRAMS, NGRAMS_REVISION = "character n-grams", "1"
#: Letters of a piece, at least and at most, and columns that pieces are hashed to.
PIECES, COLUMNS = (3, 5), 2**18
#: How many of the nearest are looked at for unlike ones.
CANDIDATES = 50


class Neighbours(Protocol):
    """Records of one language that others are compared with, in their order."""

    @property
    def by(self) -> str:
        """What they are compared by, for people."""

    def near(self, record: Record) -> Scores:
        """How near each of them is to a record: cosines, shape (records,)."""

    def central(self) -> Scores:
        """How near each of them is to the middle of all."""

    def between(self, rows: Sequence[int]) -> Scores:
        """How near these rows are to each other, shape (rows, rows)."""


class EncodedNeighbours:
    """By the means of their sentences' vectors; what was encoded once is kept by its text."""

    def __init__(self, records: Sequence[Record], encoder: Encoder, *, vectors: VectorStore | None = None) -> None:
        self.by = encoder.name
        self._encoder, self._vectors = encoder, vectors
        self._rows = record_vectors(records, encoder, vectors)

    def near(self, record: Record) -> Scores:
        """How near each of them is to a record."""
        found: Scores = self._rows @ record_vectors([record], self._encoder, self._vectors)[0]
        return found

    def central(self) -> Scores:
        """How near each of them is to the middle of all."""
        found: Scores = self._rows @ self._rows.mean(axis=0)
        return found

    def between(self, rows: Sequence[int]) -> Scores:
        """How near these rows are to each other."""
        chosen = self._rows[list(rows)]
        found: Scores = chosen @ chosen.T
        return found


class NgramNeighbours:
    """By the pieces of words that they share, rare ones counting more (TF-IDF); no model is needed."""

    by = NGRAMS

    def __init__(self, records: Sequence[Record]) -> None:
        try:
            from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
        except ModuleNotFoundError as error:
            raise MissingExtraError("scikit-learn", "annotate") from error
        self._pieces: Any = HashingVectorizer(
            analyzer="char_wb",
            ngram_range=PIECES,
            n_features=COLUMNS,
            norm=None,
            alternate_sign=False,
            preprocessor=normalised,
        )
        self._weights: Any = TfidfTransformer(sublinear_tf=True)
        self._rows = self._weights.fit_transform(self._pieces.transform([record.text for record in records]))

    def near(self, record: Record) -> Scores:
        """How near each of them is to a record."""
        return _dense(self._rows @ self._weights.transform(self._pieces.transform([record.text])).T).ravel()

    def central(self) -> Scores:
        """How near each of them is to the middle of all."""
        import numpy as np

        return _dense(self._rows @ np.asarray(self._rows.mean(axis=0)).ravel()).ravel()

    def between(self, rows: Sequence[int]) -> Scores:
        """How near these rows are to each other."""
        chosen = self._rows[list(rows)]
        return _dense(chosen @ chosen.T)


def unlike(neighbours: Neighbours, scores: Scores, rows: Sequence[int], *, diversity: float, number: int) -> list[int]:
    """Up to so many of the rows, each near and yet unlike those before it (MMR: Carbonell and Goldstein 1998).

    diversity: 0 looks at nearness alone, 1 at unlikeness alone.
    """
    import numpy as np

    candidates = list(rows[: max(CANDIDATES, number)])
    if not candidates:
        return []
    alike = neighbours.between(candidates)
    nearness = (1 - diversity) * scores[candidates]
    likest = np.zeros(len(candidates), dtype=np.float32)
    left, chosen = list(range(len(candidates))), list[int]()
    while left and len(chosen) < number:
        best = max(left, key=lambda index: (float(nearness[index] - diversity * likest[index]), -index))
        left.remove(best)
        chosen.append(candidates[best])
        likest = np.maximum(likest, alike[best]) if len(chosen) > 1 else alike[best]
    return chosen


def _dense(found: Any) -> Scores:
    import numpy as np

    return np.asarray(found.toarray() if hasattr(found, "toarray") else found, dtype=np.float32)

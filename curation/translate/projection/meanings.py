"""How likely words of a text and of its translation mean the same, by the vectors of a multilingual encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from curation.embeddings.address import is_address
from curation.embeddings.encoder import Encoder, load_encoder
from curation.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

#: Likeness beyond the median of two sentences, up to 1 for the same vector: below the first it says nothing, from the
#: second on it counts as much as it can, which is less than spelling or a line of the glossary.
DOUBTFUL, CLEAR, MOST = 0.1, 0.6, 0.6
#: Words whose vectors are kept.
KEPT = 20_000


class WordMeanings:
    """Certainties of pairs of words by an encoder on this machine, which is loaded when it is needed.

    Raises ConfigError for an encoder at an address: words would go out one sentence at a time.
    """

    def __init__(self, name: str, encoder: Encoder | None = None) -> None:
        if is_address(name):
            raise ConfigError(f"curation.translate.encoder: expected an encoder on this machine, got {name}")
        self._name, self._given = name, encoder
        self._vectors: dict[str, Matrix] = {}

    @cached_property
    def _encoder(self) -> Encoder:
        return self._given or load_encoder(self._name)

    @property
    def identity(self) -> list[str]:
        """What certainties depend on."""
        return [self._encoder.name, self._encoder.revision]

    def certainties(self, first: Sequence[str], second: Sequence[str]) -> Matrix:
        """For each word of the one text how certain it is that it means one of the other, 0 to MOST.

        Shape (first, second). Only words that are each other's nearest count: vectors of single words are all alike.
        """
        if not first or not second:
            return np.zeros((len(first), len(second)))
        cosines = self._of(first) @ self._of(second).T
        usual = float(np.median(cosines))
        likeness = (cosines - usual) / max(1.0 - usual, 1e-6)
        nearest = (cosines == cosines.max(axis=1, keepdims=True)) & (cosines == cosines.max(axis=0, keepdims=True))
        found: Matrix = MOST * np.clip((likeness - DOUBTFUL) / (CLEAR - DOUBTFUL), 0.0, 1.0) * nearest
        return found

    def _of(self, words: Sequence[str]) -> Matrix:
        new = [word for word in dict.fromkeys(words) if word not in self._vectors]
        if len(self._vectors) + len(new) > KEPT:
            self._vectors.clear()
            new = list(dict.fromkeys(words))
        if new:
            vectors = self._encoder.encode(new).astype(np.float64)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            self._vectors |= dict(zip(new, vectors, strict=True))
        return np.stack([self._vectors[word] for word in words])

"""BERTScore (Zhang et al. 2020): how alike two texts are, token by token, by the vectors of an encoder.

Each token is matched with the most similar one of the other text. Recall is the mean over gold's tokens, precision over
the predicted ones, each token weighted alike or by how rare it is in the references (idf). Equal to the library
`bert-score` within the model's window; longer texts are read in windows instead of being cut, and an empty text scores
0 instead of failing. With a baseline, scores are rescaled so that unrelated texts have 0.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from math import log
from pathlib import Path
from typing import NamedTuple

from curation.batches import batched
from curation.errors import ConfigError
from curation.scoring.token_vectors import TokenEncoder, TokenVectors

#: References whose tokens are counted at a time.
COUNTED = 1_000


class BertScore(NamedTuple):
    """The figures of one pair; rescaled ones may lie below 0."""

    precision: float
    recall: float
    f1: float


NOTHING_ALIKE = BertScore(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class TokenWeights:
    """How much each token counts: the inverse frequency among the references."""

    references: int
    counts: Mapping[int, int]

    def of(self, ids: Sequence[int]) -> list[float]:
        """The weights of tokens."""
        return [log((self.references + 1) / (self.counts.get(id, 0) + 1)) for id in ids]


def token_weights(encoder: TokenEncoder, references: Iterable[str]) -> TokenWeights:
    """The weights by in how many of the references each token stands."""
    counts: Counter[int] = Counter()
    number = 0
    for texts in batched(references, COUNTED):
        number += len(texts)
        for ids in encoder.ids(texts):
            counts.update({*ids, *encoder.special})
    return TokenWeights(number, counts)


def read_baseline(path: Path, layer: int) -> BertScore:
    """The scores of unrelated texts by a model's layer, from a file of bert-score (`rescale_baseline/LANG/MODEL.tsv`).

    Raises ConfigError where the file or its layer is not there, or what stands there is no such score.
    """
    expected = f"a baseline file with the columns LAYER,P,R,F and a row of layer {layer}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = {row["LAYER"].strip(): row for row in csv.DictReader(stream)}
        row = rows[str(layer)]
        found = BertScore(*(float(row[column]) for column in "PRF"))
    except OSError as error:
        raise ConfigError(f"expected {expected} at {path}: {type(error).__name__}") from error
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error) as error:
        raise ConfigError(f"{path}: expected {expected}, it has none") from error
    if not all(-1 <= value < 1 for value in found):
        raise ConfigError(f"{path}: expected baselines from -1 to below 1 of layer {layer}, got others")
    return found


class BertScorer:
    """Scores pairs of texts by one layer of an encoder."""

    def __init__(
        self, encoder: TokenEncoder, *, weights: TokenWeights | None = None, baseline: BertScore | None = None
    ) -> None:
        self.encoder = encoder
        self._weights = weights
        #: The scores of unrelated texts, by which others are rescaled.
        self.baseline = baseline

    @cached_property
    def signature(self) -> str:
        """What a figure has to be given with: model, layer, weights, baseline, and the library with its version."""
        idf = "idf" if self._weights else "no idf"
        rescaled = "rescaled" if self.baseline else "not rescaled"
        library = f"transformers {version('transformers')}"
        return f"{self.encoder.name}, layer {self.encoder.layer}, {idf}, {rescaled}, {library}"

    def score(self, golds: Sequence[str], predictions: Sequence[str]) -> list[BertScore | None]:
        """The score of each pair: 0 where one text is empty, None where both are, or where no token has a weight."""
        tokens = self.encoder.encode([*golds, *predictions])
        return [self._pair(tokens[gold], tokens[predicted]) for gold, predicted in zip(golds, predictions, strict=True)]

    def _pair(self, gold: TokenVectors, predicted: TokenVectors) -> BertScore | None:
        if gold.is_empty or predicted.is_empty:
            return None if gold.is_empty and predicted.is_empty else NOTHING_ALIKE
        alike = predicted.vectors @ gold.vectors.T
        precision = self._mean(alike.max(axis=1)[predicted.own], predicted)
        recall = self._mean(alike.max(axis=0)[gold.own], gold)
        if precision is None or recall is None:
            return None
        total = precision + recall
        raw = BertScore(precision, recall, 2 * precision * recall / total if total else 0.0)
        return self._rescaled(raw)

    def _mean(self, likeness: Sequence[float], tokens: TokenVectors) -> float | None:
        import numpy as np

        if self._weights is None:
            return float(np.mean(likeness))
        weights = self._weights.of(tokens.ids[tokens.own])
        return float(np.average(likeness, weights=weights)) if sum(weights) > 0 else None

    def _rescaled(self, raw: BertScore) -> BertScore:
        if self.baseline is None:
            return raw
        return BertScore(*((value - low) / (1 - low) for value, low in zip(raw, self.baseline, strict=True)))

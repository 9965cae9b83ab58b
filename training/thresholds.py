"""Thresholds per class of a tagger: by how much the scores of each category's labels are raised or lowered, so that as
many entities as possible are right on the validation records.

A category whose entities are missed gets its labels raised over "outside", one that is invented gets them lowered: a
search over one category after the other, which keeps what makes the strict micro F1 higher, and not by the chance of
which records are there (the paired 95 % interval of the difference, records resampled, is above nothing).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from curation.record import Layer
from curation.scheme import Scheme
from curation.scoring.bootstrap import Array, bootstrap_interval
from curation.scoring.entities import entity_counts
from curation.scoring.marks import f1
from curation.scoring.tally import TOTAL
from curation.tagging.tagger import Tagger, to_entities
from training.examples import CHUNK, Pair, chunks
from training.scope import within

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from curation.tagging.words import Pieces

#: What is added to the log-probabilities of a category's labels. In this order: of equally good ones the first stays.
GRID = (0.0, 0.25, -0.25, 0.5, -0.5, 1.0, 1.5)
#: A category with fewer entities in the validation records keeps its scores: a choice on few of them is chance.
LEAST_ENTITIES = 20
RESAMPLES = 1000
#: Times that each category is looked at, at most.
ROUNDS = 2


@dataclass(frozen=True, slots=True)
class ChosenThresholds:
    """What is added to the scores of each category's labels, where it is not nothing; the categories that are too few
    to choose; the strict micro F1 on the validation records before and after."""

    biases: Mapping[str, float] = field(default_factory=dict)
    too_few: tuple[str, ...] = ()
    before: float = 0.0
    after: float = 0.0

    def to_json(self) -> dict[str, JsonValue]:
        """As it stands in a manifest's details."""
        return {
            "biases": dict(self.biases),
            "too_few": [*self.too_few],
            "least_entities": LEAST_ENTITIES,
            "f1_before": round(self.before, 6),
            "f1_after": round(self.after, 6),
        }


def chosen_thresholds(tagger: Tagger, pairs: Iterable[Pair], scheme: Scheme) -> ChosenThresholds | None:
    """The thresholds of a tagger by records that it has not learnt from; None without any.

    The tagger's scores are computed once; its own biases do not count.
    """
    documents = [_Document(*scored) for chunk in chunks(pairs, CHUNK) for scored in _scored(tagger, chunk)]
    if not documents:
        return None
    counts = Counter(
        entity.category
        for document in documents
        for entity in document.gold.entities
        if scheme.counts(entity) and entity.fragments
    )
    names = tagger.categories
    enough = sorted((name for name in names if counts[name] >= LEAST_ENTITIES), key=lambda name: -counts[name])
    search = _Search(replace(tagger, biases={}), documents, scheme)
    before = search.counts({})
    biases, after = search.best(enough, before)
    too_few = tuple(name for name in names if name not in enough)
    return ChosenThresholds(biases, too_few, *map(_micro_f1, (before, after)))


@dataclass(frozen=True, slots=True)
class _Document:
    """A record's words with the scores of their labels, and what is right."""

    pieces: Pieces
    scores: NDArray[np.float32] | None
    gold: Layer


def _scored(tagger: Tagger, pairs: Sequence[Pair]) -> Iterable[tuple[Pieces, NDArray[np.float32] | None, Layer]]:
    found = tagger.scores([record.text for record, _ in pairs])
    return [(*scored, layer) for scored, (_, layer) in zip(found, pairs, strict=True)]


@dataclass(frozen=True, slots=True)
class _Search:
    """The search over one category after the other."""

    tagger: Tagger
    documents: Sequence[_Document]
    scheme: Scheme

    def best(self, categories: Sequence[str], before: Array) -> tuple[dict[str, float], Array]:
        """The biases with the highest F1 that was met, and its counts; what is not surely better stays at nothing."""
        biases: dict[str, float] = {}
        highest = before
        for _ in range(ROUNDS):
            changed = False
            for category in categories:
                for bias in GRID:
                    if bias == biases.get(category, 0.0):
                        continue
                    tried = {**biases, category: bias}
                    if _surely_better(found := self.counts(tried), highest):
                        biases, highest, changed = tried, found, True
            if not changed:
                break
        return {name: bias for name, bias in biases.items() if bias}, highest

    def counts(self, biases: Mapping[str, float]) -> Array:
        """Matched, gold and predicted entities of each document with these biases, shape (documents, 3)."""
        import numpy as np

        tagger = replace(self.tagger, biases=biases)
        return np.array([self._counts(tagger, document) for document in self.documents])

    def _counts(self, tagger: Tagger, document: _Document) -> list[float]:
        """Matched, gold and predicted entities of a document."""
        gold = document.gold
        spans = tagger.spans(document.pieces, document.scores)
        entities = to_entities(document.pieces.text, spans)
        layer = within(Layer(record_id=gold.record_id, name="tagger", author="tagger", entities=entities), gold)
        counted = entity_counts(gold, layer, scheme=self.scheme).get(("strict", TOTAL), (0, 0, 0))
        return [float(number) for number in counted[:3]]


def _micro_f1(counts: Array) -> float:
    """The F1 of all documents together; 0 where there is nothing to divide by."""
    import numpy as np

    return float(np.nan_to_num(f1(counts.sum(axis=0))))


def _surely_better(counts: Array, others: Array) -> bool:
    """Whether the F1 of these counts by document is higher than that of others, beyond the chance of the documents."""
    import numpy as np

    def gain(sums: Array) -> Array:
        both: Array = f1(sums)
        return both[..., 0] - both[..., 1]

    together = np.stack([counts, others], axis=1)
    if not gain(together.sum(axis=0)) > 0:
        return False
    interval = bootstrap_interval(together, gain, resamples=RESAMPLES, seed=0)
    return interval is not None and interval[0] > 0

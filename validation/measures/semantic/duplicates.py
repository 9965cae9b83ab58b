"""Records that describe the same case in other words, within one language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from curation.batches import batched
from curation.embeddings.encoder import Encoder
from curation.embeddings.record_vectors import record_vectors, sentence_vectors
from curation.embeddings.vector_store import VectorStore
from curation.record import Record
from curation.sets.duplicates import Duplicates, NearDuplicate
from validation.measures.semantic.case_similarity import CANDIDATE, NEAREST, Facts, likeness
from validation.measures.semantic.neighbours import EXACT, near_pairs

if TYPE_CHECKING:
    from curation.embeddings.encoder import Vectors

#: Records whose texts and sentences are in memory at once.
BATCH = 256


def find_repeats(
    records: Iterable[Record],
    fetch: Callable[[Sequence[str]], Iterable[Record]],
    encoder: Encoder,
    *,
    minimum: float,
    store: VectorStore | None = None,
    exact: int = EXACT,
) -> Duplicates:
    """Pairs of records that describe the same case, with the similarity of their sentences; each is its own group.

    records: read once; a vector and the numbers of each stay in memory. fetch: the records of some ids, once more.
    """
    facts, vectors = _read((record for record in records if record.text.strip()), encoder, store)
    pairs = sorted(
        pair
        for language in dict.fromkeys(fact.language for fact in facts)
        for pair in _candidates(facts, vectors, language, exact)
    )
    return Duplicates(
        groups={fact.id: (fact.id,) for fact in facts},
        pairs=tuple(_alike([(facts[left], facts[right]) for left, right in pairs], fetch, encoder, minimum)),
        lengths={fact.id: fact.length for fact in facts},
    )


def _read(records: Iterable[Record], encoder: Encoder, store: VectorStore | None) -> tuple[list[Facts], Vectors]:
    import numpy as np

    facts: list[Facts] = []
    parts: list[Vectors] = []
    for batch in batched(records, BATCH):
        facts += map(Facts.of, batch)
        parts.append(record_vectors(batch, encoder, store))
    return facts, np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)


def _candidates(facts: Sequence[Facts], vectors: Vectors, language: str, exact: int) -> Iterator[tuple[int, int]]:
    """Rows of records of a language that lie near each other and may repeat each other by their numbers."""
    rows = [row for row, fact in enumerate(facts) if fact.language == language]
    for near, far, _ in near_pairs(vectors[rows], least=CANDIDATE, most=NEAREST, exact=exact):
        left, right = rows[near], rows[far]
        if facts[left].may_repeat(facts[right]):
            yield left, right


def _alike(
    pairs: Sequence[tuple[Facts, Facts]],
    fetch: Callable[[Sequence[str]], Iterable[Record]],
    encoder: Encoder,
    minimum: float,
) -> Iterator[NearDuplicate]:
    """The pairs whose sentences are alike; their vectors come from the encoder's cache."""
    for batch in batched(pairs, BATCH):
        some = list(fetch(list(dict.fromkeys(fact.id for pair in batch for fact in pair))))
        matrices = dict(zip((record.id for record in some), sentence_vectors(some, encoder), strict=True))
        for left, right in batch:
            alike = likeness(matrices[left.id], matrices[right.id])
            if alike >= left.needs(right, minimum):
                yield NearDuplicate(left.id, right.id, alike)

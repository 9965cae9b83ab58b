"""Held-out records whose case the other side describes in other words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from curation.batches import batched
from curation.embeddings.encoder import Encoder
from curation.embeddings.record_vectors import record_vectors, sentence_vectors
from curation.embeddings.vector_store import VectorStore
from curation.record import Record
from curation.sets.duplicates import NearDuplicate
from validation.measures.semantic.case_similarity import CANDIDATE, NEAREST, Facts, likeness
from validation.measures.semantic.duplicates import BATCH


def find_retellings(
    held: Sequence[Record],
    seen: Iterable[Record],
    encoder: Encoder,
    *,
    minimum: float,
    store: VectorStore | None = None,
) -> list[NearDuplicate]:
    """Each held-out record (left) with the one of the other side (right) that is most like it, if alike enough.

    seen: read once, a batch of it in memory; of the held-out side a vector and the numbers of each.
    """
    held = [record for record in held if record.text.strip()]
    facts = [Facts.of(record) for record in held]
    vectors = record_vectors(held, encoder, store)
    best: dict[str, NearDuplicate] = {}
    for batch in batched((record for record in seen if record.text.strip() and held), BATCH):
        cosines = record_vectors(batch, encoder, store) @ vectors.T
        nearest = (-cosines).argsort(axis=1)[:, :NEAREST]
        for row, record in enumerate(batch):
            theirs = Facts.of(record)
            for index in map(int, nearest[row]):
                ours = facts[index]
                if ours.id == theirs.id or cosines[row, index] < CANDIDATE or not ours.may_repeat(theirs):
                    continue
                alike = likeness(*sentence_vectors([held[index], record], encoder))
                if alike >= ours.needs(theirs, minimum) and (ours.id not in best or alike > best[ours.id].similarity):
                    best[ours.id] = NearDuplicate(ours.id, record.id, alike)
    return list(best.values())

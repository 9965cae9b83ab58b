"""A record as one vector: the mean of its sentences', kept by the text, so that it is made once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from curation.embeddings.encoder import Encoder
from curation.embeddings.vector_store import VectorStore, rounded
from curation.record import Record, digest
from curation.text.sentences import sentence_texts

if TYPE_CHECKING:
    from curation.embeddings.encoder import Vectors

#: Sentences of one record that its vector is the mean of: those of longer texts are enough.
MOST_SENTENCES = 40
#: Part of the key under which a mean is kept; another number where means are made otherwise.
MEANS = "mean of sentences 2"


def sentences_of(record: Record) -> list[str]:
    """The first sentences; the text itself where there is none."""
    return sentence_texts(record.text, record.language)[:MOST_SENTENCES] or [record.text]


def sentence_vectors(records: Sequence[Record], encoder: Encoder) -> list[Vectors]:
    """A matrix for each record, one row of length 1 for each of its sentences."""
    parts = [sentences_of(record) for record in records]
    encoded = encoder.encode([sentence for of_one in parts for sentence in of_one])
    ends = [0]
    for of_one in parts:
        ends.append(ends[-1] + len(of_one))
    return [encoded[start:end] for start, end in pairwise(ends)]


def record_vectors(records: Sequence[Record], encoder: Encoder, store: VectorStore | None = None) -> Vectors:
    """The unit mean of each record's sentences, shape (records, dimensions); kept ones are not made again."""
    import numpy as np

    keys = [
        digest([MEANS, encoder.name, encoder.revision, record.language, record.text], length=32) for record in records
    ]
    # An empty file of vectors is false, and still takes some.
    found = store.take(keys) if store is not None else {}
    missing = {key: record for key, record in zip(keys, records, strict=True) if key not in found}
    if missing:
        means = [_unit(matrix.mean(axis=0)) for matrix in sentence_vectors(list(missing.values()), encoder)]
        made = dict(zip(missing, rounded(means) if store is not None else means, strict=True))
        if store is not None:
            store.keep(made)
        found |= made
    return np.stack([found[key] for key in keys]) if keys else np.zeros((0, 1), dtype=np.float32)


def _unit(vector: Vectors) -> Vectors:
    import numpy as np

    unit: Vectors = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit

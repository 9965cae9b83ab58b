"""What is compared of a batch: lengths, languages, categories, words and embeddings, one row for each record."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.embeddings import Encoder
from curation.record import Record, digest
from validation.measures import Subject
from validation.measures.sentences import sentence_bounds

if TYPE_CHECKING:
    from curation.embeddings import Vectors

WORD = re.compile(r"[^\W\d_]{2,}")
#: Sentences of one record that its vector is the mean of: those of longer texts are enough.
MOST_SENTENCES = 40


@dataclass(frozen=True)
class Portrait:
    """A sample of a batch, feature by feature; all lists have one entry for each record."""

    records: int
    lengths: list[float]  # words
    languages: list[str]
    categories: list[Counter[str]]  # entities by category
    words: list[Counter[str]]  # lower case
    vectors: Vectors | None  # unit length, shape (records, dimensions)


def portrait(subjects: Iterable[Subject], *, most: int, encoder: Encoder | None) -> Portrait:
    """The portrait of a sample of so many records, which depends on their ids alone; no vectors without an encoder."""
    keyed = ((digest(subject.record.id), number, subject) for number, subject in enumerate(subjects))
    sample = [subject for *_, subject in heapq.nsmallest(most, keyed)]
    texts = [subject.record.text for subject in sample]
    return Portrait(
        records=len(sample),
        lengths=[float(len(text.split())) for text in texts],
        languages=[subject.record.language for subject in sample],
        categories=[
            Counter(entity.category for entity in subject.layer.entities) if subject.layer else Counter()
            for subject in sample
        ],
        words=[Counter(WORD.findall(text.lower())) for text in texts],
        vectors=_vectors([subject.record for subject in sample], encoder) if encoder else None,
    )


def _vectors(records: list[Record], encoder: Encoder) -> Vectors:
    """The mean of each record's sentences, of unit length."""
    import numpy as np

    sentences = [
        [record.text[start:end] for start, end in sentence_bounds(record)[:MOST_SENTENCES]] or [record.text]
        for record in records
    ]
    flat = [sentence for of_one in sentences for sentence in of_one]
    encoded = encoder.encode(flat) if flat else np.zeros((0, 1), dtype=np.float32)
    ends = np.cumsum([len(of_one) for of_one in sentences])
    means = np.array([part.mean(axis=0) for part in np.split(encoded, ends[:-1])]) if records else encoded
    norms: Vectors = np.linalg.norm(means, axis=1, keepdims=True)
    unit: Vectors = (means / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit

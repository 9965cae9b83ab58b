"""What is compared of a batch: lengths, languages, categories, words and embeddings, one row for each record."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from curation.embeddings.encoder import Encoder
from curation.embeddings.record_vectors import record_vectors
from curation.record import digest
from validation.measures.measure import Subject

if TYPE_CHECKING:
    from curation.embeddings.encoder import Vectors

WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class BatchProfile:
    """A sample of a batch, feature by feature; all lists but that of the categories have one entry for each record."""

    records: int
    lengths: list[float]  # words
    languages: list[str]
    categories: list[Counter[str]]  # entities by category, of each record that has a layer
    words: list[Counter[str]]  # lower case
    vectors: Vectors | None  # unit length, shape (records, dimensions)


def batch_profile(subjects: Iterable[Subject], *, most: int, encoder: Encoder | None) -> BatchProfile:
    """The profile of a sample of so many records, which depends on their ids alone; no vectors without an encoder."""
    keyed = ((digest(subject.record.id), number, subject) for number, subject in enumerate(subjects))
    sample = [subject for *_, subject in heapq.nsmallest(most, keyed)]
    texts = [subject.record.text for subject in sample]
    return BatchProfile(
        records=len(sample),
        lengths=[float(len(text.split())) for text in texts],
        languages=[subject.record.language for subject in sample],
        categories=[
            Counter(entity.category for entity in subject.layer.entities) for subject in sample if subject.layer
        ],
        words=[Counter(WORD.findall(text.lower())) for text in texts],
        vectors=record_vectors([subject.record for subject in sample], encoder) if encoder else None,
    )

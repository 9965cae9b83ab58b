"""Summaries and reviews built by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotation.queue.hashed_vectors import hashed_vectors
from annotation.queue.record_summary import RecordSummary
from annotation.queue.reviewed import ReviewOutcome
from curation.scoring.changes import Changes


@pytest.fixture
def summary() -> Callable[..., RecordSummary]:
    """Makes a summary; its text decides the vector."""

    def make(id: str, *, text: str = "fever and cough", **fields: object) -> RecordSummary:
        told = {"language": "en", "source": "test", "author": "rules@1", "entities": 10}
        return RecordSummary(id=id, words=len(text.split()), vector=hashed_vectors([text])[0], **{**told, **fields})

    return make


@pytest.fixture
def review() -> Callable[..., ReviewOutcome]:
    """Makes a review in which so many of ten entities were changed."""
    return lambda errors, entities=10: ReviewOutcome(Changes(kept=entities - errors, changed=errors))

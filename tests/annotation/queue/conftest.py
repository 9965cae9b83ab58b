"""Sketches and reviews built by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from annotation.queue.hashed_vectors import hashed_vectors
from annotation.queue.record_summary import Sketch
from annotation.queue.reviewed import Reviewed
from curation.scoring.changes import Changes


@pytest.fixture
def sketch() -> Callable[..., Sketch]:
    """Makes a sketch; its text decides what it is like."""

    def make(id: str, *, text: str = "fever and cough", **fields: object) -> Sketch:
        told = {"language": "en", "source": "test", "author": "rules@1", "entities": 10}
        return Sketch(id=id, words=len(text.split()), vector=hashed_vectors([text])[0], **{**told, **fields})

    return make


@pytest.fixture
def review() -> Callable[..., Reviewed]:
    """Makes a review in which so many of ten entities were changed."""
    return lambda errors, entities=10: Reviewed(Changes(kept=entities - errors, changed=errors))

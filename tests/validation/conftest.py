"""The scheme, and settings without the embeddings, which have tests of their own."""

from __future__ import annotations

import pytest

from curation.scheme import Scheme, load_scheme
from validation.settings import SimilaritySettings, ValidationSettings


@pytest.fixture(scope="session")
def scheme() -> Scheme:
    return load_scheme()


@pytest.fixture(scope="session")
def settings() -> ValidationSettings:
    return ValidationSettings(similarity=SimilaritySettings(enabled=False))

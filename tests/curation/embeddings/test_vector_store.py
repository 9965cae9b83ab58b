"""Vectors that outlive the process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from curation.embeddings.encoder import SentenceEncoder, load_encoder
from curation.embeddings.vector_store import VectorStore


def _vectors(count: int, *, first: int = 0) -> dict[str, np.ndarray]:
    return {f"{number:032x}": np.full(4, number / 8, dtype=np.float32) for number in range(first, first + count)}


def test_what_was_kept_is_found_again_and_nothing_else(tmp_path: Path) -> None:
    VectorStore(tmp_path / "v.db").keep(_vectors(1_200))
    found = VectorStore(tmp_path / "v.db").take([*_vectors(1_200), "ff" * 16])
    assert found.keys() == _vectors(1_200).keys()
    assert all(np.array_equal(found[key], vector) for key, vector in _vectors(1_200).items())


def test_the_file_is_bounded_and_keeps_the_newest_write(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v.db", most=100)
    for first in range(0, 500, 50):
        store.keep(_vectors(50, first=first))
    assert len(store) <= 100


def test_a_damaged_file_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "v.db"
    path.write_bytes(b"not a database, but long enough to look like one " * 100)
    store = VectorStore(path)
    assert store.take(list(_vectors(2))) == {}
    store.keep(_vectors(2))
    assert len(store) == 2


def test_a_folder_that_is_not_there_costs_the_cache_only(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "missing" / "v.db")
    store.keep(_vectors(2))
    assert store.take(list(_vectors(2))) == {}


def test_threads_share_the_file(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v.db")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda first: store.keep(_vectors(20, first=first)), range(0, 200, 20)))
    assert len(store) == 200


@pytest.mark.model
def test_a_second_run_encodes_nothing_and_sees_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["fever", "a much longer sentence about chest pain", "fever", ""]
    first = load_encoder().cached_in(tmp_path / "v.db").encode(texts)
    again = load_encoder().cached_in(tmp_path / "v.db")
    monkeypatch.setattr(SentenceEncoder, "_forward", lambda self, texts: pytest.fail("encoded again"))
    assert np.array_equal(again.encode(texts), first)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.model
def test_another_model_finds_nothing_of_the_first(tmp_path: Path) -> None:
    kept = VectorStore(tmp_path / "v.db")
    loaded = load_encoder()
    for revision in ("1", "2"):
        SentenceEncoder(loaded._model, name="n", revision=revision, disk=kept).encode(["fever"])
    assert len(kept) == 2

"""Vectors that outlive the process."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from curation.embeddings.encoder import SentenceEncoder, load_encoder
from curation.embeddings.vector_store import TABLE, VectorStore
from curation.errors import ConfigError
from curation.record import digest


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


def test_no_file_holds_a_key_that_a_text_tells(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v.db")
    plain = digest(["fever"], length=32)
    store.keep({plain: np.ones(4, dtype=np.float32)})
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert bytes.fromhex(plain) not in held
    assert plain.encode() not in held
    assert stat.S_IMODE((tmp_path / "v.key").stat().st_mode) == 0o600
    shutil.copy(tmp_path / "v.db", tmp_path / "other.db")
    assert VectorStore(tmp_path / "other.db").take([plain]) == {}, "with another secret nothing is found"


def test_vectors_under_plain_digests_are_deleted_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(tmp_path / "v.db")) as earlier, earlier:
        earlier.execute("PRAGMA journal_mode = WAL")
        earlier.execute(TABLE)
        earlier.execute("INSERT INTO vectors VALUES (?, 1, ?)", (b"\xab" * 16, b"\0" * 8))
    store = VectorStore(tmp_path / "v.db")
    assert store.take(["ab" * 16]) == {}
    assert [record.getMessage() for record in caplog.records] == [
        "v.db: 1 vectors of an earlier version were deleted, since their keys were plain digests of texts; "
        "the texts are encoded again"
    ]
    assert not any(b"\xab" * 16 in path.read_bytes() for path in tmp_path.iterdir())
    store.keep(_vectors(2))
    assert store.take(list(_vectors(2))).keys() == _vectors(2).keys()
    assert len(caplog.records) == 1


def test_what_is_forgotten_is_in_no_file_and_can_come_again(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v.db")
    assert store.forget() == 0
    store.keep(_vectors(5))
    assert store.forget() == 5
    assert list(tmp_path.iterdir()) == []
    store.keep(_vectors(2))
    assert len(store) == 2


def test_a_secret_that_others_can_read_is_none(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "v.db")
    store.keep(_vectors(2))
    (tmp_path / "v.key").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        store.take(list(_vectors(2)))


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

"""The gazetteer is read once a machine and kept in the user's cache."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.deidentify.identifiers import gazetteer


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(gazetteer, "cache_folder", lambda: tmp_path)
    return tmp_path / "towns"


@pytest.mark.long
def test_towns_are_read_once_a_machine(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    towns = gazetteer.inhabitants.__wrapped__()
    assert towns["Frankfurt am Main"] == towns["Frankfurt"] > 500_000
    assert {"Rosenheim", "Bad Aibling", "Innsbruck", "Thalwil", "St. Pölten", "Vaduz"} <= towns.keys()
    monkeypatch.setattr(gazetteer, "_read", lambda: pytest.fail("read again"))
    assert gazetteer.inhabitants.__wrapped__() == towns


def test_a_damaged_file_is_made_anew(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gazetteer, "_read", lambda: {"Musterstadt": 5})
    gazetteer.inhabitants.__wrapped__()
    (path,) = cache.iterdir()
    path.write_text("no table", encoding="utf-8")
    assert gazetteer.inhabitants.__wrapped__() == {"Musterstadt": 5}
    assert path.read_text(encoding="utf-8") == "Musterstadt\t5\n"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(gazetteer, "cache_folder", lambda: tmp_path / "file")
    monkeypatch.setattr(gazetteer, "_read", lambda: {"Musterstadt": 5})
    assert gazetteer.inhabitants.__wrapped__() == {"Musterstadt": 5}

"""A hub is asked within limits; whatever it answers is understood, or one line that never holds the token."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import NO_PAUSES, TOKEN, HubServer, hub_server

from curation.errors import HubError, UsageError
from exports.hub import DatasetHub
from exports.hub_changes import HubChanges, HubFile, hub_changes

# The hub's library sends files in a way that its own client calls old.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

NAME = "klinik/berichte"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setattr("huggingface_hub.utils._http.time", NO_PAUSES)
    with hub_server() as running:
        running.make(NAME)
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "train.parquet").write_bytes(b"rows")
    (tmp_path / "README.md").write_text("# Überschrift\n", encoding="utf-8")
    return tmp_path


def ask(server: HubServer, files: Path) -> str:
    hub = DatasetHub(server.url, TOKEN)
    hub.account()
    found = hub.found(NAME)
    assert found is not None
    changes = hub_changes(files, ["README.md", "data/train.parquet"], found.files, found.exported)
    return hub.commit(NAME, files, changes, after=found.revision, message="cases@1")


@pytest.mark.parametrize(
    ("path", "fault", "said"),
    [
        ("whoami", 429, "status 429"),
        ("whoami", "drop", "connection failed"),
        ("whoami", (200, b"<html>sign in</html>"), "an answer that is none of a hub"),
        ("whoami", (200, {"type": "user"}), "an answer that is none of a hub"),
        ("whoami", (302, b"", {"location": "http://evil.example/x"}), "a pointer to another machine (evil.example)"),
        ("preupload", 403, "status 403"),
        ("preupload", (200, {"files": "none"}), "an answer that is none of a hub"),
        ("batch", 403, "status 403"),
        ("storage", 403, "status 403"),
        ("storage", (307, b"", {"location": "http://evil.example/x"}), "a pointer to another machine (evil.example)"),
        ("tree", 404, "status 404"),
        ("commit", 400, "status 400"),
        ("commit", 409, "status 409: expected a data set that nobody else changes"),
        ("commit", 412, "status 412: expected a data set that nobody else changes"),
        ("commit", 429, "status 429"),
        ("commit", (200, b"<html>sign in</html>"), "an answer that is none of a hub"),
        ("commit", (200, {}), "an answer that is none of a hub"),
    ],
)
def test_whatever_a_hub_answers_is_one_line_without_the_token(server, files, path, fault, said) -> None:
    server.faults = {path: [fault]}
    with pytest.raises(HubError) as raised:
        ask(server, files)
    told = str(raised.value)
    assert said in told
    assert TOKEN not in told
    assert "\n" not in told
    assert server.datasets[NAME].files.keys() == {".gitattributes"}
    assert ask(server, files) == server.datasets[NAME].revision


@pytest.mark.parametrize("path", ["tree", "preupload", "batch", "storage"])
@pytest.mark.parametrize("fault", [429, 500, "drop"])
def test_a_short_trouble_on_the_way_is_passed_over(server, files, path, fault) -> None:
    server.faults = {path: [fault]}
    assert ask(server, files) == server.datasets[NAME].revision
    assert server.datasets[NAME].files["data/train.parquet"] == b"rows"


def test_who_commits_meanwhile_is_not_overwritten(server, files) -> None:
    hub = DatasetHub(server.url, TOKEN)
    found = hub.found(NAME)
    assert found is not None
    server.datasets[NAME].add({"README.md": b"of another"})
    with pytest.raises(HubError, match="status 412"):
        hub.commit(NAME, files, HubChanges(added=("README.md",)), after=found.revision, message="x")
    assert server.datasets[NAME].files == {"README.md": b"of another"}


def test_a_wrong_token_is_said_to_be_one(server) -> None:
    with pytest.raises(HubError, match="status 401: expected a token that the hub knows"):
        DatasetHub(server.url, "hf_other").account()


def test_files_are_compared_by_content_whichever_way_the_hub_keeps_them(files: Path) -> None:
    names = ["README.md", "data/train.parquet"]
    digest = "8d4a7b2c2f4a2c2a0f0e6f2b7a0c6d5e4b3a29180706050403020100ffeeddcc"
    there = {
        "README.md": HubFile(15, "0" * 40),
        "data/train.parquet": HubFile(4, "0" * 40, digest),
        "data/old.parquet": HubFile(4, "0" * 40, digest),
        "notes.md": HubFile(1, "0" * 40),
    }
    changes = hub_changes(files, names, there, {"data/old.parquet", "README.md", "data/train.parquet"})
    assert changes == HubChanges(replaced=tuple(names), removed=("data/old.parquet",))
    with pytest.raises(UsageError, match="2 other files"):
        hub_changes(files, names, {name: there[name] for name in ("notes.md", "data/old.parquet", "README.md")}, None)

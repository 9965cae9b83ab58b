"""`curate review start|add-annotator`: the login is told to a person, once, and no password is printed for scripts."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import curate, curate_json
from pydantic import SecretStr

from annotation.label_studio.server.credentials import Account
from annotation.label_studio.server.server import Server
from pipeline.steps.review import server as step
from pipeline.workspace import Workspace

PASSWORD, TOKEN = "a-password-of-ours", "a-token-of-ours"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose Label Studio is made up."""
    folder = Workspace.make(tmp_path / "w").folder
    running = Server("http://127.0.0.1:8099", 1, 8099, folder / "server.log", "steward@x", PASSWORD, TOKEN)
    account = Account(login="anna@x", password=SecretStr(PASSWORD), token=SecretStr(TOKEN))
    monkeypatch.setattr(step, "start_server", lambda workspace, port: running)
    monkeypatch.setattr(step, "add_annotator", lambda workspace, name: account)
    return folder


@pytest.mark.parametrize(
    ("words", "login"), [(("review", "start"), "steward@x"), (("review", "add-annotator", "anna"), "anna@x")]
)
def test_the_password_is_in_the_line_for_people_and_not_in_json(workspace, words, login):
    printed = curate(*words, "--workspace", workspace)
    telling = [line for line in printed.stderr.splitlines() if PASSWORD in line]
    assert telling == [f"login: {login}, password: {PASSWORD}"]
    assert PASSWORD not in printed.stdout
    found = curate_json(*words, "--workspace", workspace)
    assert (found["login"], found["token"]) == (login, "see label-studio/secrets.json")
    assert PASSWORD not in str(found)
    assert TOKEN not in str(found) + printed.stdout + printed.stderr

"""The person is told once, and never taken from the account."""

from __future__ import annotations

import pytest
from command_line import curate, curate_json

from pipeline.commands.whoami import signer
from pipeline.steps.whoami import PERSON


@pytest.fixture(autouse=True)
def _nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(PERSON, raising=False)


def test_the_person_is_kept_for_the_user_and_signs() -> None:
    assert "expected a person, none was told yet" in curate("whoami", code=2).stderr
    assert curate_json("whoami", "  Ruth Öz ")["person"] == "Ruth Öz"
    assert curate_json("whoami")["person"] == signer(None) == "Ruth Öz"
    assert signer("anna") == signer("human:anna") == "anna"


def test_the_environment_goes_before_what_is_kept_and_says_so(monkeypatch) -> None:
    monkeypatch.setenv(PERSON, "ben")
    assert "goes before what is kept" in curate("whoami", "ruth").stderr
    assert curate_json("whoami") == {"person": "ben", "from": PERSON}


@pytest.mark.parametrize("name", ["", "  ", "human:", "two\nlines", "\x1b[31mred"])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert "expected the name of a person" in curate("whoami", name, code=2).stderr


def test_without_a_terminal_an_unknown_person_is_an_error_that_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setenv("USER", "root")
    monkeypatch.setenv("LOGNAME", "root")
    with pytest.raises(Exception, match="curate whoami NAME"):
        signer(None)


def test_in_a_terminal_the_person_is_asked_once(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda *words, **options: "ruth")
    assert signer(None) == "ruth"
    monkeypatch.setattr("typer.prompt", lambda *words, **options: pytest.fail("asked twice"))
    assert signer(None) == "ruth"

"""What `curate doctor` says about Label Studio."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from annotation.label_studio import diagnosis
from annotation.label_studio.diagnosis import diagnose
from annotation.label_studio.session import TOKEN
from annotation.review_settings import ReviewSettings


def told(workspace: Path, settings: ReviewSettings) -> dict[str, tuple[str, str]]:
    return {one.what: (one.state, f"{one.found}; {one.do}") for one in diagnose(workspace, settings)}


def test_our_own_server_is_well(label_studio) -> None:
    found = told(label_studio.workspace, label_studio.settings)
    assert {what: state for what, (state, _) in found.items()} == {
        "Label Studio": "good",
        "proxy": "warning",
        "version": "good",
        "calls to this machine": "good",
    }


def test_a_server_that_does_not_run_is_to_be_started(tmp_path: Path, installed) -> None:
    assert told(tmp_path, installed) == {"Label Studio": ("good", "installed, not running; curate review start")}


@pytest.mark.parametrize(
    ("url", "token", "what", "says"),
    [
        ("labels.example.org", "0" * 40, "review.url", "expected an address such as"),
        ("https://me:secret@labels.example.org", "0" * 40, "review.url", "leave the login out"),
        ("https://labels.example.org", "", "token", "make one under Account & Settings"),
        ("https://labels.example.org", "Bearer abc", "token", "copy the whole token"),
    ],
)
def test_what_is_wrong_is_named_before_anybody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, token: str, what: str, says: str
) -> None:
    monkeypatch.setenv(TOKEN, token)
    found = told(tmp_path, ReviewSettings(url=url))
    assert found[what][0] == "bad"
    assert says in found[what][1]
    assert "secret" not in str(found)
    assert "abc" not in str(found)


def test_a_token_that_the_server_does_not_take_is_told_by_its_kind(
    label_studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ReviewSettings(url=label_studio.server.url)
    monkeypatch.setenv(TOKEN, "0123456789" * 4)
    found = [(one.state, one.found) for one in diagnose(tmp_path, elsewhere)]
    assert found[-1] == ("bad", "a legacy token that the server does not take")
    monkeypatch.setenv(TOKEN, label_studio.server.token)
    assert [one.state for one in diagnose(tmp_path, elsewhere)] == ["good"] * 4


def test_an_address_where_nothing_answers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    monkeypatch.setenv(TOKEN, "0" * 40)
    last = list(diagnose(tmp_path, ReviewSettings(url=f"http://127.0.0.1:{port}")))[-1]
    assert (last.state, last.what) == ("bad", "address")
    assert "nothing answers there" in last.do


def test_what_the_server_may_not_call_is_told(client) -> None:
    assert client.may_call("http://127.0.0.1:9/")
    assert not client.may_call("http://192.168.0.1:9/")
    assert not client.may_call(diagnosis.ANOTHER_MACHINE)


def test_a_server_that_runs_with_other_settings_is_to_be_started_again(
    label_studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis, "ANOTHER_MACHINE", "http://127.0.0.1:9/")
    shut = label_studio.settings.model_copy(update={"loopback": False})
    found = told(label_studio.workspace, shut)
    assert found["calls to other machines"] == (
        "bad",
        "allowed; curate review stop, then start: it was started by an earlier version",
    )
    assert found["calls to this machine"][0] == "warning"


def test_another_version_is_a_warning(label_studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "MEASURED", "1.99.0")
    state, says = told(label_studio.workspace, label_studio.settings)["version"]
    assert (state, "1.23.2" in says, "1.99.0" in says) == ("warning", True, True)

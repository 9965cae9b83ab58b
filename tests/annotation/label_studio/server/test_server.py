from __future__ import annotations

import json
import os
import re
import socket
import stat
import sys
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path

import httpx
import pytest
from review_parts.foreign_program import foreign_program

from annotation.label_studio.api.client import Client
from annotation.label_studio.api.errors import RefusedError
from annotation.label_studio.editor.label_config import label_config
from annotation.label_studio.exchange.push import push
from annotation.label_studio.processes import free_ports, is_alive
from annotation.label_studio.server import server
from annotation.label_studio.server.annotators import add_annotator, add_annotators
from annotation.label_studio.server.credentials import Credentials, read_credentials
from annotation.label_studio.server.environment_variables import server_variables
from annotation.label_studio.session import TOKEN, connect
from annotation.label_studio.status import review_status
from annotation.review_settings import ReviewSettings
from curation.errors import ConfigError, ReviewError, UsageError
from curation.record import Record
from curation.scheme import load_scheme
from curation.store import Store


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def back_end() -> Iterator[str]:
    """The address of something on 127.0.0.1 that answers as a back end does."""

    with foreign_program() as program:
        yield program.url


def secrets_of(workspace: Path) -> Credentials:
    found = read_credentials(workspace / "label-studio" / "secrets.json")
    assert found is not None
    return found


def test_a_second_start_finds_the_first(label_studio) -> None:
    again = server.start(label_studio.workspace, label_studio.settings)
    assert again.reused
    assert (again.pid, again.url) == (label_studio.server.pid, label_studio.server.url)


def test_the_port_that_is_asked_for_is_had_or_refused(label_studio, workspace: Path) -> None:
    taken = label_studio.server.port
    assert server.start(label_studio.workspace, label_studio.settings, port=taken).reused
    with pytest.raises(ReviewError, match=rf"expected to start on port {taken + 1}, but it runs on port {taken}"):
        server.start(label_studio.workspace, label_studio.settings, port=taken + 1)
    with pytest.raises(ReviewError, match=rf"expected port {taken} to be free, it is not"):
        server.start(workspace, label_studio.settings, port=taken)


def test_a_server_starts_beside_another_stops_and_keeps_its_data(label_studio, workspace: Path) -> None:
    settings = label_studio.settings
    first = server.start(workspace, settings)
    try:
        assert first.port != label_studio.server.port
        with connect(workspace, settings) as opened:
            assert opened.version() == "1.23.2"
        kept = secrets_of(workspace)
        assert kept.steward.token != secrets_of(label_studio.workspace).steward.token
        keys = [folder / "label-studio" / "data" / ".env" for folder in (workspace, label_studio.workspace)]
        assert keys[0].read_text() != keys[1].read_text()
        assert server.stop(workspace)
        assert not is_alive(first.pid)
        assert server.status(workspace) is None
        with pytest.raises(ReviewError, match="curate review start"):
            connect(workspace, settings)
        second = server.start(workspace, settings)
        assert (second.port, second.token) == (first.port, first.token)
        assert secrets_of(workspace) == kept
    finally:
        server.stop(workspace)
    assert not server.stop(workspace)


def test_a_process_that_only_has_the_old_number_is_left_alone(workspace: Path) -> None:
    folder = workspace / "label-studio"
    folder.mkdir()
    (folder / "server.json").write_text(json.dumps({"pid": os.getpid(), "port": 8099}))
    assert not server.stop(workspace)
    assert not server.stop(workspace)


def test_a_server_that_does_not_come_up_shows_its_log(label_studio, workspace: Path) -> None:
    hasty = label_studio.settings.model_copy(update={"start_timeout": 0.05})
    with pytest.raises(ReviewError, match=r"within 0 seconds, but it did not answer; the end of .*server\.log"):
        server.start(workspace, hasty)
    assert server.status(workspace) is None


def test_a_folder_that_is_no_workspace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected a workspace folder"):
        server.start(tmp_path / "nowhere", ReviewSettings())


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_only_the_owner_can_read_what_the_server_keeps(label_studio) -> None:
    folder = label_studio.workspace / "label-studio"
    modes = {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [folder, *folder.iterdir(), *(folder / "data").iterdir()]
    }
    assert modes["."] == modes["data"] == 0o700
    assert modes["secrets.json"] == modes["server.log"] == modes["data/label_studio.sqlite3"] == 0o600
    assert modes["data/.env"] == 0o600
    assert not any(mode & 0o077 for mode in modes.values())


def test_no_secret_is_in_the_log_or_in_a_repr(label_studio) -> None:
    credentials = secrets_of(label_studio.workspace)
    shown = label_studio.server.log.read_text(errors="replace") + repr(label_studio.server) + repr(credentials)
    assert label_studio.server.service
    assert label_studio.server.service not in shown
    for account in (credentials.steward, *credentials.annotators.values()):
        assert account.token.get_secret_value() not in shown
        assert account.password.get_secret_value() not in shown


def test_a_stranger_can_neither_sign_up_nor_look_in(label_studio) -> None:
    with httpx.Client(base_url=label_studio.server.url, trust_env=False) as stranger:
        page = stranger.get("/user/signup/")
        form = {"email": "stranger@example.com", "password": "long-enough-1", "allow_newsletters": "false"}
        headers = {"X-CSRFToken": stranger.cookies.get("csrftoken", ""), "Referer": label_studio.server.url}
        answer = stranger.post("/user/signup/", data=form, headers=headers)
        assert answer.status_code == 403, page.status_code
        assert stranger.get("/api/projects").status_code == 401
        assert stranger.get("/api/users").status_code == 401


def test_the_page_names_no_other_machine(label_studio) -> None:
    with httpx.Client(base_url=label_studio.server.url, trust_env=False, follow_redirects=True) as browser:
        browser.get("/user/login/")
        form = {"email": label_studio.server.login, "password": label_studio.server.password}
        headers = {"X-CSRFToken": browser.cookies.get("csrftoken", ""), "Referer": label_studio.server.url}
        page = browser.post("/user/login/", data=form, headers=headers)
        assert page.status_code == 200
        page = browser.get("/projects/")
    assert "Label Studio" in page.text
    assert not re.search(r"googletagmanager|sentry-cdn|ingest\.sentry|heapanalytics|intercom", page.text)


def test_the_server_gets_no_variable_of_ours_and_calls_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("USERNAME", "somebody")
    monkeypatch.setenv("DEBUG", "1")
    made = server_variables(tmp_path, ReviewSettings())
    assert not {"HF_TOKEN", "USERNAME"} & made.keys()
    assert made["DEBUG"] == "false"
    assert (made["COLLECT_ANALYTICS"], made["SENTRY_DSN"], made["FRONTEND_SENTRY_DSN"]) == ("false", "", "")
    assert made["LATEST_VERSION_CHECK"] == "false"
    assert made["fflag_feat_utc_210_prediction_validation_15082025"] == "true"


def test_the_server_may_call_this_machine_and_no_other_address(
    label_studio, client: Client, back_end: str, settings: ReviewSettings
) -> None:
    project = client.create_project(settings.project, label_config(load_scheme()), "").id
    hook = {"url": f"{back_end}/hook", "project": project, "actions": ["PROJECT_UPDATED"]}
    client.call("POST", "/api/webhooks/", body=hook)
    assert client.call("POST", "/api/ml", body={"url": back_end, "project": project})["state"] == "CO"
    for host in ("10.0.0.1", "192.168.0.1", "169.254.169.254", "172.16.0.1", "0.0.0.0", "127.0.0.2", "93.184.216.34"):
        for path in ("/api/webhooks/", "/api/ml"):
            with pytest.raises(RefusedError):
                client.call("POST", path, body=hook | {"url": f"http://{host}:9/"})


def test_a_database_url_is_taken_apart_and_may_hold_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINCURATE_LABEL_STUDIO_DB_PASSWORD", "hidden")
    made = server_variables(tmp_path, ReviewSettings(database="postgresql://anna@db.example:5433/review"))
    named = {name: value for name, value in made.items() if name.startswith(("POSTGRE_", "DJANGO_DB"))}
    assert named == {
        "DJANGO_DB": "postgresql",
        "POSTGRE_USER": "anna",
        "POSTGRE_PASSWORD": "hidden",
        "POSTGRE_NAME": "review",
        "POSTGRE_HOST": "db.example",
        "POSTGRE_PORT": "5433",
    }
    with pytest.raises(ConfigError, match="expected no password") as error:
        server_variables(tmp_path, ReviewSettings(database="postgresql://anna:plain@db.example/review"))
    assert "plain" not in str(error.value)


def test_the_wished_port_may_be_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert taken < next(free_ports(taken)) < taken + 50


def test_an_annotator_can_log_in_and_stays_the_same_when_added_again(label_studio) -> None:
    workspace, settings = label_studio.workspace, label_studio.settings
    anna = secrets_of(workspace).annotators["anna"]
    assert add_annotator(workspace, settings, "anna") == anna
    with httpx.Client(base_url=label_studio.server.url, trust_env=False) as browser:
        browser.get("/user/login/")
        form = {"email": anna.login, "password": anna.password.get_secret_value()}
        headers = {"X-CSRFToken": browser.cookies.get("csrftoken", ""), "Referer": label_studio.server.url}
        assert browser.post("/user/login/", data=form, headers=headers).status_code == 302
        assert browser.get("/api/current-user/whoami").json()["email"] == "anna@clincurate.local"


@pytest.mark.parametrize("name", ["", "Anna Müller", "../etc", "a" * 41, "-x"])
def test_a_name_that_cannot_be_a_login_is_refused(label_studio, name: str) -> None:
    with pytest.raises(UsageError, match="expected names of small letters"):
        add_annotator(label_studio.workspace, label_studio.settings, name)


@pytest.mark.parametrize("name", ["steward", "service"])
def test_an_annotator_has_the_name_of_no_account_of_ours(label_studio, name: str) -> None:
    before = secrets_of(label_studio.workspace)
    with pytest.raises(UsageError, match=rf"got '{name}', which is an account of our own"):
        add_annotators(label_studio.workspace, label_studio.settings, ["carl", name])
    assert secrets_of(label_studio.workspace) == before


def test_every_address_but_loopback_is_banned(tmp_path: Path) -> None:
    made = server_variables(tmp_path, ReviewSettings())
    networks = [ip_network(network) for network in made["USER_ADDITIONAL_BANNED_SUBNETS"].split(",")]
    assert made["USE_DEFAULT_BANNED_SUBNETS"] == "false"

    def is_banned(address: str) -> bool:
        return any(ip_address(address) in network for network in networks)

    kept = ("127.0.0.1", "::1")
    near = ("127.0.0.0", "127.0.0.2", "126.255.255.255", "128.0.0.0", "::", "::2")
    wide = ("0.0.0.0", "8.8.8.8", "93.184.216.34", "255.255.255.255", "10.0.0.1", "169.254.169.254", "192.168.1.1")
    six = ("2001:4860:4860::8888", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "ffff::")
    assert [address for address in kept if is_banned(address)] == []
    assert [address for address in (*near, *wide, *six) if not is_banned(address)] == []


def test_loopback_can_be_banned_too(tmp_path: Path) -> None:
    made = server_variables(tmp_path, ReviewSettings(loopback=False))
    assert made["USER_ADDITIONAL_BANNED_SUBNETS"] == "0.0.0.0/0,::/0"


def test_what_asks_no_list_of_addresses_is_sent_to_a_proxy_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org:3128")
    made = server_variables(tmp_path, ReviewSettings())
    proxies = {value for name, value in made.items() if name.lower().endswith("_proxy") and name.lower() != "no_proxy"}
    assert proxies == {"http://127.0.0.1:9"}
    assert {made[name] for name in ("NO_PROXY", "no_proxy")} == {"127.0.0.1,localhost,::1"}


def test_another_label_studio_is_reached_by_url_and_token(
    label_studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ReviewSettings(url=label_studio.server.url + "/")
    monkeypatch.delenv(TOKEN, raising=False)
    with pytest.raises(ReviewError, match="expected the token"):
        connect(tmp_path, elsewhere)
    monkeypatch.setenv(TOKEN, label_studio.server.token)
    with connect(tmp_path, elsewhere) as client:
        assert client.version() == "1.23.2"
        personal = client.call("POST", "/api/token/", body={})["token"]
    monkeypatch.setenv(TOKEN, personal)
    with connect(tmp_path, elsewhere) as client:
        assert label_studio.server.login in client.users().values()


def test_a_wrong_token_is_explained_and_not_repeated(
    label_studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN, "0123456789" * 4)
    with (
        connect(tmp_path, ReviewSettings(url=label_studio.server.url)) as client,
        pytest.raises(ReviewError, match="to know the token, got HTTP 401; it wants a personal access") as error,
    ):
        client.users()
    assert "0123456789" not in f"{error.value!r} {error.value.__cause__!r}"


def test_status_says_why_there_is_nothing_to_say(sqlite_store: Store, workspace: Path) -> None:
    found = review_status(sqlite_store, workspace, ReviewSettings())
    assert (found["up"], found["url"]) == (False, None)
    assert "curate review start" in str(found["problem"])


@pytest.mark.slow
def test_a_server_on_postgresql_works_as_one_on_sqlite(
    installed: ReviewSettings, postgres_url: str, workspace: Path, sqlite_store: Store
) -> None:
    settings = installed.model_copy(
        update={"database": postgres_url.replace("+psycopg", ""), "unvalidated": True, "start_timeout": 600.0}
    )
    text = "She had fever."
    sqlite_store.add_records([Record(id="r", group="r", source="test", language="en", text=text)])
    running = server.start(workspace, settings)
    try:
        with Client(running.url, running.token, settings) as client:
            assert push(sqlite_store, client, load_scheme(), settings).created == 1
            assert push(sqlite_store, client, load_scheme(), settings).unchanged == 1
            assert review_status(sqlite_store, workspace, settings)["tasks"] == 1
        assert not list((workspace / "label-studio").rglob("*.sqlite3"))
    finally:
        server.stop(workspace)

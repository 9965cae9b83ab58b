"""What an annotator can leave behind in Label Studio is named, and put back by one command."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from command_line import curate, curate_json
from review_parts.foreign_program import foreign_program

from annotation.label_studio.backend.basic_auth import read_basic_auth
from annotation.label_studio.backend.state import backend_folder, clear_running, record_running
from annotation.label_studio.registrations import note_backend, note_hints
from annotation.label_studio.server import server
from annotation.label_studio.server.annotators import add_annotators
from annotation.label_studio.server.credentials import Credentials, read_credentials
from annotation.label_studio.session import connect
from annotation.label_studio.watch.loop import WatchSignal
from annotation.label_studio.watch.webhook import ACTIONS
from annotation.label_studio.watch.webhook_receiver import HEADER, PATH
from curation.record import Layer, Record
from curation.store import Store
from pipeline.steps.doctor import examine
from pipeline.steps.init import init_workspace
from pipeline.steps.review.pull import pull_reviews
from pipeline.steps.review.push import push_records
from pipeline.steps.review.secure import secure_review
from pipeline.steps.review.status import review_status
from pipeline.steps.review.watch import watch_reviews
from pipeline.workspace import Workspace

pytestmark = pytest.mark.server

CURATE = (sys.executable, "-c", "from pipeline.command import main; main()")
TEXTS = {"r-1": "She had fever.", "r-2": "Der Patient hatte Husten über Wochen.", "r-3": "No cough."}


@dataclass
class Guarded:
    """A workspace with its own running server, a store, an annotator's requests, and what was told to people."""

    workspace: Workspace
    store: Store
    anna: httpx.Client
    said: list[str]

    @property
    def project(self) -> int:
        """The number of our project."""
        title = self.workspace.config.review.project
        found = self.anna.get("/api/projects", params={"title": title}).json()["results"]
        return min(project["id"] for project in found if project["title"] == title)

    @property
    def foreign(self) -> list[str]:
        """What status names."""
        found = review_status(self.workspace, self.store)["foreign"]
        assert isinstance(found, list)
        return [str(line) for line in found]

    def kinds(self) -> list[str]:
        """The kinds of what status names."""
        return sorted({line.partition(":")[0] for line in self.foreign})

    def asks(self, method: str, path: str, **body: object) -> Any:
        """The annotator's request is carried out."""
        answer = self.anna.request(method, path, json=body or None)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def running(installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server that may be attacked: no other test shares it."""
    folder = tmp_path_factory.mktemp("guarded")
    init_workspace(folder)
    server.start(folder, installed.model_copy(update={"port": 18140}))
    add_annotators(folder, installed, ["anna", "ben"])
    yield folder
    server.stop(folder)


@pytest.fixture
def guarded(running: Path, request: pytest.FixtureRequest) -> Iterator[Guarded]:
    """The server with three pushed records in a project of the test's own, secured afterwards."""
    config, said = running / "curate.toml", list[str]()
    title = f"Guarded {abs(hash(request.node.nodeid)) % 10**9}"
    config.write_text(
        f'[review]\nproject = "{title}"\nunvalidated = true\n[review.adjudication]\nproject = "{title} adjudicated"\n'
        f'[curation]\nstore = "sqlite:///{title}.db"\n',
        encoding="utf-8",
    )
    workspace = Workspace.at(running, notify=said.append)
    port = json.loads((running / "label-studio" / "server.json").read_text())["port"]
    token = credentials_of(running).annotators["anna"].token.get_secret_value()
    headers = {"Authorization": f"Token {token}"}
    with (
        workspace.open_store() as store,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=120) as anna,
    ):
        store.add_records(
            [Record(id=id, group=id, source="test", language="en", text=text) for id, text in TEXTS.items()]
        )
        push_records(workspace, store)
        made = Guarded(workspace, store, anna, said)
        yield made
        if made.foreign:
            secure_review(workspace, store)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Somebody on 127.0.0.1 who answers as a back end, and what came."""
    with foreign_program() as program:
        yield program.url, program.got


def credentials_of(folder: Path) -> Credentials:
    found = read_credentials(folder / "label-studio" / "secrets.json")
    assert found is not None
    return found


def test_a_server_as_we_made_it_has_nothing_foreign(guarded: Guarded) -> None:
    assert guarded.foreign == []
    assert pull_reviews(guarded.workspace, guarded.store).foreign == []
    done = secure_review(guarded.workspace, guarded.store)
    assert (done.put_back, done.done, done.closed, done.left) == ({}, [], [], [])
    found = {part.what: part.state for part in examine(guarded.workspace.folder)}
    assert found["in Label Studio"] == "good"
    assert found["proxy"] == "warning"
    assert guarded.said == []


def test_what_each_back_end_is_sent_opens_nothing(guarded: Guarded, listener) -> None:
    url, got = listener
    guarded.asks("POST", "/api/ml", url=url, project=guarded.project, title="theirs")
    tokens = {json.loads(body)["access_token"] for path, body in got if path == "/setup"}
    assert len(tokens) == 1
    for way in ("Token", "Bearer"):
        headers = {"Authorization": f"{way} {min(tokens)}"}
        answer = httpx.get(f"{guarded.anna.base_url}/api/projects", headers=headers, trust_env=False)
        assert answer.status_code == 401
    known = credentials_of(guarded.workspace.folder)
    accounts = [known.steward, *known.annotators.values()]
    assert not tokens & {account.token.get_secret_value() for account in accounts}


def test_a_foreign_webhook_is_told_loudly_before_texts_leave(guarded: Guarded, listener) -> None:
    url, _ = listener
    guarded.asks("POST", "/api/webhooks/", url=f"{url}/with/secret", project=guarded.project, send_payload=True)
    (line,) = pull_reviews(guarded.workspace, guarded.store).foreign
    assert f"sends texts and answers to {url};" in line
    assert "secret" not in line
    assert [said for said in guarded.said if said.startswith("WARNING: texts leave Label Studio by a webhook")]
    guarded.said.clear()
    push_records(guarded.workspace, guarded.store)
    assert guarded.said[0].startswith("WARNING: texts leave")
    states = {part.what: (part.state, part.do) for part in examine(guarded.workspace.folder)}
    assert states["not ours: webhook"] == ("bad", "`curate review secure` puts it back")
    assert secure_review(guarded.workspace, guarded.store).put_back == {"webhook": 1}
    assert guarded.foreign == []


LABELS = (
    '<View><Text name="text" value="$text"/><Labels name="label" toName="text"><Label value="age"/></Labels></View>'
)


def test_each_thing_that_an_annotator_left_is_named_and_put_back(guarded: Guarded, listener) -> None:
    url, project = listener[0], guarded.project
    of_project = {"url": url, "project": project}
    attacks: list[tuple[str, str, dict[str, object], str]] = [
        ("POST", "/api/ml", {**of_project, "title": "x"}, "back end: number N (x) gets the texts"),
        ("POST", "/api/ml", {**of_project, "title": "Clincurate"}, "back end: number N (Clincurate) gets"),
        ("POST", "/api/webhooks/", {**of_project, "send_payload": False}, "webhook: number N sends a note of each"),
        ("POST", "/api/webhooks/", {**of_project, "is_active": False}, f"to {url} (switched off);"),
        (
            "POST",
            "/api/webhooks/",
            {**of_project, "headers": {HEADER: "x"}, "send_payload": False, "send_for_all_actions": False},
            "with a hints secret that is not ours",
        ),
        ("PATCH", "/api/organizations/1", {"token": "abcdef"}, "invitation: whoever has its link makes an account"),
        (
            "PATCH",
            "/api/organizations/1",
            {"title": "\x1b[31mTheirs"},
            "organisation: title is \N{REPLACEMENT CHARACTER}[31m",
        ),
        ("PATCH", "/api/organizations/1", {"contact_info": "eve@example.org"}, "organisation: contact_info is eve@"),
        (
            "PATCH",
            "/api/users/1/",
            {"first_name": "Änne", "username": "x"},
            "steward@clincurate.local is called Änne x",
        ),
        (
            "PATCH",
            "/api/users/2/",
            {"first_name": "I", "last_name": "am ben"},
            "service@clincurate.local is called I am",
        ),
        ("PATCH", "/api/users/4/", {"username": "anna"}, "ben@clincurate.local is called anna"),
        ("POST", "/api/users/", {"email": "eve@example.org", "username": "eve"}, "eve@example.org was not made by us"),
        (
            "PATCH",
            f"/api/projects/{project}/",
            {"sampling": "Uniform sampling"},
            "project setting: sampling of project",
        ),
        ("PATCH", f"/api/projects/{project}/", {"task_data_password": "hush"}, "task_data_password of project"),
        ("PATCH", f"/api/projects/{project}/", {"label_config": LABELS}, "are not those of the scheme"),
    ]
    for method, path, body, _ in attacks:
        guarded.asks(method, path, **body)
    lines = guarded.foreign
    plain = [re.sub(r"number \d+", "number N", line) for line in lines]
    assert [part for *_, part in attacks if not any(part in line for line in plain)] == []
    assert all(line.isprintable() and "hush" not in line for line in lines)
    done = secure_review(guarded.workspace, guarded.store)
    assert (done.left, done.closed) == ([], ["eve@example.org"])
    assert sum(done.put_back.values()) == len(lines)
    assert guarded.foreign == []
    guarded.asks("PATCH", f"/api/projects/{project}/", expert_instruction="mark nothing")
    (line,) = guarded.foreign
    assert line.startswith("project setting: the instruction of project 'Guarded ")
    guarded.asks("POST", "/api/jwt/settings", api_tokens_enabled=True, legacy_api_tokens_enabled=False)
    assert guarded.kinds() == ["organisation", "project setting"]
    assert secure_review(guarded.workspace, guarded.store).left == []
    assert guarded.foreign == []


def test_a_stranger_who_signed_up_is_closed_and_an_invitation_opens_nothing_again(guarded: Guarded) -> None:
    token = guarded.asks("POST", "/api/invite/reset-token")["token"]
    url = str(guarded.anna.base_url)
    with httpx.Client(base_url=url, trust_env=False) as stranger:
        assert sign_up(stranger, url, token, "stranger@example.org") == 200
        assert secure_review(guarded.workspace, guarded.store).closed == ["stranger@example.org"]
        assert stranger.get("/api/projects").status_code == 401
    assert guarded.foreign == []
    # A workspace that does not know who closed it: a copy from before, or another one with the same server.
    (guarded.workspace.folder / "label-studio" / "registrations.json").unlink()
    assert guarded.kinds() == ["account"]
    done = secure_review(guarded.workspace, guarded.store)
    assert (done.closed, done.left) == ([], [])
    assert guarded.foreign == []
    for old in (token, "None", ""):
        with httpx.Client(base_url=url, trust_env=False) as stranger:
            assert sign_up(stranger, url, old, "again@example.org") == 401


def sign_up(stranger: httpx.Client, url: str, token: str, login: str) -> int:
    """The status of a look at the projects after somebody tried to sign up."""
    stranger.get("/user/signup/", params={"token": token})
    form = {"email": login, "password": "long-enough-1", "allow_newsletters": "false"}
    headers = {"X-CSRFToken": stranger.cookies.get("csrftoken", ""), "Referer": url}
    stranger.post("/user/signup/", params={"token": token}, data=form, headers=headers)
    return stranger.get("/api/projects").status_code


@pytest.mark.parametrize("way", ["all tokens", "taken out of the organisation"])
def test_who_locks_us_out_is_undone(guarded: Guarded, way: str) -> None:
    if way == "all tokens":
        guarded.asks("POST", "/api/jwt/settings", api_tokens_enabled=False, legacy_api_tokens_enabled=False)
    else:
        assert guarded.anna.patch("/api/users/2/", json={"active_organization": None}).status_code == 200
    folder = guarded.workspace.folder
    found = review_status(guarded.workspace, guarded.store)
    assert (found["up"], "`curate review secure`" in str(found.get("problem"))) == (False, True)
    again = server.start(folder, guarded.workspace.config.review)
    assert again.reused, "no second server on the same data"
    assert sum(secure_review(guarded.workspace, guarded.store).put_back.values()) >= 1
    assert guarded.foreign == []


def test_our_own_webhook_and_back_end_are_known_until_somebody_changes_them(guarded: Guarded, listener) -> None:
    url, _ = listener
    folder, settings = guarded.workspace.folder, guarded.workspace.config.review
    note_hints(folder, f"{url}{PATH}", "ours")
    record_running(backend_folder(folder), url)
    with connect(folder, settings) as client:
        hook = client.add_webhook(guarded.project, f"{url}{PATH}", {HEADER: "ours"}, ACTIONS)
        made, fields = connected(guarded, url)
    assert guarded.foreign == []
    clear_running(backend_folder(folder))
    guarded.asks("PATCH", f"/api/webhooks/{hook}/", url=f"{url}{PATH}", send_payload=True, actions=[])
    guarded.asks("PATCH", f"/api/ml/{made['id']}", **(fields | {"url": f"{url}/theirs"}))
    assert guarded.kinds() == ["back end", "webhook"]
    assert any("ours once, and changed since" in line for line in guarded.foreign)


def connected(guarded: Guarded, url: str) -> tuple[dict[str, Any], dict[str, object]]:
    """A back end of ours that Label Studio knows, and the fields by which it was made known."""
    note_backend(guarded.workspace.folder, url)
    fields: dict[str, object] = {"title": "Clincurate", "url": url, "project": guarded.project}
    fields |= {"auth_method": "BASIC_AUTH", "basic_auth_user": "clincurate", "basic_auth_pass": "ours"}
    with connect(guarded.workspace.folder, guarded.workspace.config.review) as client:
        made = client.call("POST", "/api/ml", body=fields)
        for hook in client.webhooks(guarded.project):
            if str(hook["url"]) == f"{url}/webhook":  # Label Studio adds one to each back end.
                client.delete_webhook(hook["id"])
    return made, fields


def test_a_back_end_of_ours_that_does_not_run_is_named_and_the_next_pull_takes_it_away(
    guarded: Guarded, listener
) -> None:
    url, _ = listener
    connected(guarded, url)
    (line,) = guarded.foreign
    assert re.match(r"back end: number \d+ of project \d+ is ours and does not run: whoever listens at http", line)
    told = [part for part in examine(guarded.workspace.folder) if "does not run" in part.found]
    assert [part.state for part in told] == ["bad"]
    assert guarded.asks("GET", f"/api/ml?project={guarded.project}"), "looking changes nothing"
    (line,) = pull_reviews(guarded.workspace, guarded.store).foreign
    assert line.endswith("; put back")
    assert any(line.startswith("WARNING: texts leave Label Studio by a back end") for line in guarded.said)
    assert guarded.asks("GET", f"/api/ml?project={guarded.project}") == []
    connected(guarded, url)
    assert secure_review(guarded.workspace, guarded.store).put_back == {"back end": 1}
    assert (guarded.asks("GET", f"/api/ml?project={guarded.project}"), guarded.foreign) == ([], [])


@contextmanager
def backend_of(guarded: Guarded) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`curate review backend`, once Label Studio asks it, and its password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [*CURATE, "review", "backend", "--port", str(port), "--workspace", str(guarded.workspace.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            said = iter(process.stdout.readline, "")
            assert any("Label Studio asks it" in line for line in said)
            auth = read_basic_auth(backend_folder(guarded.workspace.folder))
            assert auth is not None
            yield process, auth.password
        finally:
            process.kill()


def test_a_back_end_that_ends_is_known_no_more_and_one_that_was_killed_until_the_next_command(
    guarded: Guarded,
) -> None:
    with guarded.workspace.open_store() as store:
        layer = Layer(record_id="r-1", name="rules", author="rules@3")
        store.add_layers([layer])
    push_records(guarded.workspace, guarded.store)
    known, project = f"/api/ml?project={guarded.project}", f"/api/projects/{guarded.project}"
    with backend_of(guarded) as (process, first):
        assert (len(guarded.asks("GET", known)), guarded.foreign) == (1, [])
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 143
        assert guarded.asks("GET", known) == []
        assert guarded.asks("GET", project)["model_version"] == "rules@3"
    with backend_of(guarded) as (process, second):
        process.kill()
        process.wait()
    assert first != second
    assert guarded.kinds() == ["back end"]
    push_records(guarded.workspace, guarded.store)
    assert (guarded.asks("GET", known), guarded.foreign) == ([], [])
    assert guarded.asks("GET", project)["model_version"] == "rules@3"


def test_a_project_of_a_person_becomes_the_service_accounts(guarded: Guarded) -> None:
    folder, settings = guarded.workspace.folder, guarded.workspace.config.review
    steward = server.status(folder)
    assert steward is not None
    headers = {"Authorization": f"Token {steward.token}"}
    body = {"title": settings.adjudication.project, "show_instruction": True}
    answer = httpx.post(f"{steward.url}/api/projects", json=body, headers=headers, trust_env=False)
    assert answer.status_code == 201
    assert any("whose token each of its back ends gets" in line for line in guarded.foreign)
    secure_review(guarded.workspace, guarded.store)
    assert guarded.foreign == []


def test_somebody_elses_project_is_named_and_left_to_a_person(guarded: Guarded) -> None:
    made = guarded.asks("POST", "/api/projects/", title="Annas \u202eown")
    (line,) = guarded.foreign
    assert line.startswith("project: 'Annas ")
    assert line.isprintable()
    done = curate_json("review", "secure", "--workspace", guarded.workspace.folder, code=1)
    assert (done["put_back"], len(done["left"])) == ({}, 1)
    guarded.asks("DELETE", f"/api/projects/{made['id']}/")


@pytest.mark.parametrize("by", ["secure", "pull", "push"])
def test_a_project_under_another_title_gets_its_own_back(guarded: Guarded, by: str) -> None:
    project, title = guarded.project, guarded.workspace.config.review.project
    task = guarded.anna.get("/api/tasks", params={"project": project}).json()["tasks"][0]["id"]
    guarded.asks("POST", f"/api/tasks/{task}/annotations/", result=[], lead_time=1)
    guarded.asks("PATCH", f"/api/projects/{project}/", title="Archiv \u202e2025")
    (line,) = guarded.foreign
    assert line.startswith(f"project: '{title}' is called 'Archiv ")
    assert line.isprintable()
    if by == "secure":
        assert secure_review(guarded.workspace, guarded.store).put_back == {"project": 1}
    if by == "push":
        assert push_records(guarded.workspace, guarded.store).created == 0
    assert pull_reviews(guarded.workspace, guarded.store).layers == 1
    assert guarded.foreign == []
    assert guarded.project == project


def test_deleted_and_added_tasks_are_counted_and_nothing_pulled_is_lost(guarded: Guarded) -> None:
    tasks = guarded.anna.get("/api/tasks", params={"project": guarded.project}).json()["tasks"]
    guarded.asks("POST", f"/api/tasks/{tasks[0]['id']}/annotations/", result=[], lead_time=1)
    pull_reviews(guarded.workspace, guarded.store)
    layers = guarded.store.layer_names()
    assert layers == {"human:anna": 1}
    guarded.asks("DELETE", f"/api/tasks/{tasks[0]['id']}/")
    assert [line.partition(";")[0] for line in guarded.foreign] == [
        f"tasks: 1 of 3 tasks of project '{guarded.workspace.config.review.project}' were deleted"
    ]
    assert pull_reviews(guarded.workspace, guarded.store).deleted == [f"task {tasks[0]['id']}"]
    for text in ("a", "b"):
        data = tasks[1]["data"] | {"record_id": text, "text": text}
        guarded.asks("POST", f"/api/projects/{guarded.project}/import", **data)
    assert "1 tasks of project" in guarded.foreign[0]
    guarded.asks("DELETE", f"/api/projects/{guarded.project}/")
    assert "was deleted, with 3 tasks; what was pulled from it is kept" in guarded.foreign[0]
    told = pull_reviews(guarded.workspace, guarded.store)
    assert any("was deleted" in line for line in told.foreign)
    assert guarded.store.layer_names() == layers
    assert push_records(guarded.workspace, guarded.store).created == 3
    assert guarded.foreign == []


def test_the_command_says_what_it_did(guarded: Guarded, listener) -> None:
    folder = guarded.workspace.folder
    guarded.asks("POST", "/api/webhooks/", url=listener[0], project=guarded.project, send_payload=True)
    assert "not ours: webhook: number" in curate("review", "status", "--workspace", folder).stderr
    done = curate("review", "pull", "--workspace", folder)
    assert "WARNING: texts leave Label Studio by a webhook" in done.stderr
    assert len(curate_json("review", "pull", "--workspace", folder)["foreign"]) == 1
    done = curate("review", "secure", "--workspace", folder)
    assert "put back: webhook: number" in done.stderr
    assert "everything is as we made it" in curate("review", "secure", "--workspace", folder).stderr


def test_a_workspace_of_before_keeps_working_and_is_moved_over(guarded: Guarded) -> None:
    folder, settings = guarded.workspace.folder, guarded.workspace.config.review
    path = folder / "label-studio" / "secrets.json"
    before = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in before.items() if name != "service"}))
    with connect(folder, settings) as client:
        whoami = client.get("/api/current-user/whoami")
        assert whoami["email"] == "steward@clincurate.local"
        client.create_project("Made by the steward", "<View></View>", "")
    again = server.start(folder, settings)
    assert (again.reused, bool(again.service)) == (True, True)
    assert credentials_of(folder).annotators == Credentials.model_validate(before).annotators
    with connect(folder, settings) as client:
        assert client.get("/api/current-user/whoami")["email"] == "service@clincurate.local"
        assert {project["created_by"]["email"] for project in client.projects()} == {"service@clincurate.local"}
    assert guarded.foreign == []


def test_a_watch_tells_what_is_not_ours_once(guarded: Guarded, listener) -> None:
    guarded.asks("POST", "/api/webhooks/", url=listener[0], project=guarded.project, send_payload=True)
    told, signal = list[tuple[str, dict[str, Any]]](), WatchSignal()

    def event(name: str, found: dict[str, Any]) -> None:
        told.append((name, found))
        if name == "listening":
            assert len(guarded.foreign) == 1, "the watch's own webhook is ours"
        if name == "not ours":
            signal.stop()

    watch_reviews(guarded.workspace, guarded.store, signal, event)
    (found,) = (found for name, found in told if name == "not ours")
    assert f"sends texts and answers to {listener[0]}" in found["found"]
    assert [said for said in guarded.said if said.startswith("WARNING")]

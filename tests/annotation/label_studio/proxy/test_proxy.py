"""The proxy lets annotators do all of their work in a real browser, and nothing else, with a real nginx."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from door_parts.annotator_calls import FORM, RESULT, Session, Targets, calls
from pydantic import ValidationError

from annotation.label_studio.diagnosis import diagnose
from annotation.label_studio.exchange.pull import pull
from annotation.label_studio.exchange.push import push
from annotation.label_studio.proxy.config import javascript_module, proxy_config, write_proxy_config
from annotation.label_studio.proxy.run import nginx_command, proxy_in_use, running_proxy
from annotation.label_studio.server.credentials import read_credentials
from annotation.label_studio.settings import ProxySettings
from annotation.label_studio.status import review_status
from curation.errors import ReviewError
from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.store import Store

NGINX = shutil.which(nginx_command(Path())[0]) is not None and javascript_module() is not None
BROWSER = shutil.which("chromium") is not None and shutil.which("chromedriver") is not None

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(
        not NGINX, reason="no nginx with JavaScript (Debian: apt-get install nginx-light libnginx-mod-http-js)"
    ),
    pytest.mark.timeout(600),
    # The browser's driver leaves sockets to the collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

TEXT = "👩‍⚕️ She had high fever 🌡️ and\r\na dry cough."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def proxy(label_studio, tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """The proxy's address and its folder."""
    folder = tmp_path_factory.mktemp("proxied")
    with running_proxy(folder, ProxySettings(port=free_port()), label_studio.server.url) as (_, url):
        yield url, folder / "label-studio" / "proxy"
    assert "exited on signal" not in (folder / "label-studio" / "proxy" / "error.log").read_text()


@pytest.fixture
def accounts(label_studio):
    """Login and password of each annotator."""
    found = read_credentials(label_studio.workspace / "label-studio" / "secrets.json").annotators
    return {name: (account.login, account.password.get_secret_value()) for name, account in found.items()}


@pytest.fixture
def to(client, settings, sqlite_store: Store, scheme: Scheme, tasks, ben) -> Targets:
    """A project, and what Ben said in it."""
    texts = [TEXT, "He had a cough.", "Erbrechen seit gestern."]
    records = [
        Record(id=f"r{n}", group=f"g{n}", source="test", language="en", text=text) for n, text in enumerate(texts)
    ]
    fever = Entity.at(TEXT, TEXT.index("fever"), TEXT.index("fever") + 5, "signs_symptoms", id="T1")
    sqlite_store.add_records(records)
    sqlite_store.add_layers([Layer(record_id="r0", name="rules", author="rules@1", entities=(fever,))])
    push(sqlite_store, client, scheme, settings)
    project, task = client.find_project(settings.project), tasks()["r1"].task_id
    annotation, draft = ben.annotate(task, RESULT), ben.draft(task, RESULT)
    ids = {user["email"].partition("@")[0]: user["id"] for user in client.get("/api/users")}
    return Targets(project.id, task, annotation, draft, ids["ben"], ids["steward"])


@pytest.mark.skipif(
    not BROWSER, reason="no Chromium with its driver (Debian: apt-get install chromium chromium-driver)"
)
def test_an_annotator_works_in_a_browser_through_the_proxy(
    proxy, accounts, to, tasks, client, settings, sqlite_store, scheme
) -> None:
    from review_parts.browser_editor import By, Editor, Keys, browser

    url, folder = proxy
    (folder / "refused.log").write_text("")
    with browser() as driver:
        editor = Editor(driver, url)
        editor.log_in(*accounts["anna"])
        # A task of the list.
        editor.open(to.project, tasks()["r0"].task_id)
        key = scheme.by_name["signs_symptoms"].hotkey
        editor.mark("dry cough", key=key)
        time.sleep(3)  # a draft is saved
        editor.choose("fix", key="f")
        editor.choose("omission")
        editor.submit()
        # The same once more, with another verdict.
        editor.choose("accept", key="a")
        editor.press_button("Update")
        answers = f"/api/tasks/{tasks()['r0'].task_id}/annotations/"
        editor.until(lambda: '"accept"' in json.dumps(client.get(answers)))
        # The label stream: skip, come back, skip no more.
        driver.get("about:blank")
        driver.get(f"{url}/projects/{to.project}/data")
        editor.press_button("Label All Tasks")
        editor.until(lambda: editor.buttons("Skip"))
        # The guideline opens by itself, in front of everything.
        editor.until(lambda: (editor.press(Keys.ESCAPE), [button.click() for button in editor.buttons("Skip")])[1])
        editor.until(lambda: driver.find_elements(By.CSS_SELECTOR, "[aria-label='Previous task']:not([disabled])"))
        driver.find_elements(By.CSS_SELECTOR, "[aria-label='Previous task']")[0].click()
        editor.press_button("Cancel skip")
        editor.until(lambda: editor.buttons("Skip"))
        driver.get(f"{url}/user/account/hotkeys")
        editor.until(lambda: "Submit Annotation" in driver.page_source)
        driver.get(f"{url}/logout")
        editor.until(lambda: "/user/login" in driver.current_url)
        cookies = {cookie["name"] for cookie in driver.get_cookies()}
    assert cookies <= {"clincurate_sessionid", "clincurate_csrftoken"}
    assert (folder / "refused.log").read_text() == ""
    assert pull(sqlite_store, client, scheme, settings).refused == []
    layer = sqlite_store.layer("r0", "human:anna")
    assert layer is not None
    assert [entity.text for entity in layer.entities] == ["fever", "dry cough"]


def test_nothing_else_gets_through(proxy, accounts, to, client) -> None:
    session = Session(proxy[0], *accounts["anna"])
    before = _state(client, to)
    through = []
    for call in calls(to):
        try:
            status, _ = session.send(call.method, call.path, call.body, dict(call.headers))
        except OSError:
            continue
        if (status < 400) is not call.plain:
            through.append((call.tried, status))
    assert through == []
    assert _state(client, to) == before
    # The log names what was asked for without what may hold clinical text.
    logged = (proxy[1] / "refused.log").read_text()
    assert f"DELETE /api/tasks/{to.task}/" in logged
    assert "completed" not in logged
    assert "?" not in logged


def test_people_change_what_is_theirs_and_only_that(proxy, accounts, to, client, label_studio) -> None:
    session = Session(proxy[0], *accounts["anna"])
    task = f"/api/tasks/{to.task}"
    body = {"result": RESULT, "lead_time": 1.5, "draft_id": 0, "parent_prediction": None, "project": str(to.project)}

    def sent(method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        status, text = session.send(method, path, body)
        return status, json.loads(text) if text else {}

    status, draft = sent("POST", f"{task}/drafts?project={to.project}", body)
    assert (status, draft["user"]) == (201, accounts["anna"][0])
    assert sent("PATCH", f"/api/drafts/{draft['id']}", {**body, "was_postponed": True})[0] == 200
    status, made = sent("POST", f"{task}/annotations?project={to.project}", {**body, "draft_id": draft["id"]})
    assert status == 201
    assert sent("PATCH", f"/api/annotations/{made['id']}?taskID={to.task}", body)[0] == 200
    # What was said is changed, not deleted; a skip can be taken back, by whoever skipped.
    assert sent("DELETE", f"/api/annotations/{made['id']}")[0] == 403
    _, skipped = sent("POST", f"{task}/annotations", {"result": [], "was_cancelled": True})
    ben = Session(proxy[0], *accounts["ben"])
    assert ben.send("DELETE", f"/api/annotations/{skipped['id']}")[0] == 403
    assert sent("DELETE", f"/api/annotations/{skipped['id']}")[0] == 204
    whoami = sent("GET", "/api/current-user/whoami")[1]
    assert client.get(f"/api/annotations/{made['id']}/")["completed_by"] == whoami["id"]
    assert {user["email"] for user in sent("GET", "/api/users?project=1")[1]} == {accounts["anna"][0], ""}
    keys = {"custom_hotkeys": {"annotation:submit": {"key": "ctrl+enter", "active": True}}}
    assert sent("PATCH", "/api/current-user/hotkeys", keys)[0] == 200
    assert sent("GET", "/api/jwt/settings")[1] == {"api_tokens_enabled": False, "legacy_api_tokens_enabled": False}
    # Text of all writings comes through as it is.
    wordings = {**body, "result": [{**RESULT[0], "meta": {"text": ['Ä 🤒 \\ " \u2028 <&> \t']}}]}
    assert sent("PATCH", f"/api/annotations/{made['id']}", wordings)[1]["result"] == wordings["result"]
    # Without a session nobody is anybody.
    anonymous = Session.__new__(Session)
    anonymous.__dict__.update({**session.__dict__, "_cookies": {}})
    assert anonymous.send("GET", task)[0] == 401
    assert anonymous.send("PATCH", f"/api/annotations/{made['id']}", body)[0] == 401
    # A token is no way round.
    token = {"Authorization": f"Token {label_studio.tokens['anna']}"}
    assert anonymous.send("GET", task, None, token)[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:9"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_an_answer_is_taken_from_its_own_page_only(proxy, accounts, to, client, headers) -> None:
    session = Session(proxy[0], *accounts["anna"])
    path = f"/api/tasks/{to.task}/annotations/"
    before = client.get(path)
    assert session.send("POST", path, {"result": RESULT}, headers)[0] == 403
    assert session.send("GET", f"/api/tasks/{to.task}", None, {"Sec-Fetch-Site": "same-site"})[0] == 403
    assert session.send("GET", "/logout", None, {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"})[0] == 403
    # A link from elsewhere opens the page.
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert session.send("GET", f"/projects/{to.project}/data?task={to.task}", None, link)[0] == 200
    assert client.get(path) == before


@contextmanager
def page(target: str) -> Iterator[str]:
    """A page on another port of this host, which sends an answer to the target as soon as it is opened."""
    fields = "".join(
        f"<input name='{name}' value='{value}'>" for name, value in (("result", json.dumps(RESULT)), ("lead_time", "1"))
    )
    html = f"<form method=post action='{target}'>{fields}</form><script>document.forms[0].submit()</script>"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}/"
        finally:
            listening.shutdown()


@pytest.mark.skipif(
    not BROWSER, reason="no Chromium with its driver (Debian: apt-get install chromium chromium-driver)"
)
def test_a_page_of_another_port_acts_for_a_person_without_the_proxy_and_not_with_it(
    proxy, accounts, to, client, label_studio
) -> None:
    """The first half shows that the attack is one."""
    from review_parts.browser_editor import Editor, browser

    path = f"/api/tasks/{to.task}/annotations/"

    def made(driver, server: str) -> int:
        before = len(client.get(path))
        with page(server + path) as address:
            driver.get(address)
            Editor(driver, server).until(lambda: path in driver.current_url)
        return len(client.get(path)) - before

    with browser() as driver:
        Editor(driver, label_studio.server.url).log_in(*accounts["anna"])
        assert made(driver, label_studio.server.url) == 1
        Editor(driver, proxy[0]).log_in(*accounts["anna"])
        assert made(driver, proxy[0]) == 0
        # The session of the proxy is worth nothing on the server's own port.
        assert made(driver, label_studio.server.url) == 0


def test_pages_tell_browsers_what_they_may_do(proxy, accounts) -> None:
    with socket.create_connection(proxy[0].removeprefix("http://").split(":"), timeout=10) as connection:
        host = proxy[0].removeprefix("http://")
        connection.sendall(f"GET /user/login/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    for header in (
        "frame-ancestors 'none'",
        "X-Frame-Options: DENY",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: same-origin",
        "Cross-Origin-Resource-Policy: same-origin",
    ):
        assert header in answer
    assert "Access-Control-Allow-Origin" not in answer


def test_passwords_cannot_be_tried_in_numbers(label_studio, tmp_path) -> None:
    with running_proxy(tmp_path, ProxySettings(port=free_port()), label_studio.server.url) as (_, url):
        session = Session.__new__(Session)
        session.__dict__.update(url=url, _address=url.removeprefix("http://"), _cookies={})
        tried = urlencode({"email": "anna@clincurate.local", "password": "x"})
        statuses = [session.send("POST", "/user/login/", tried, {"Content-Type": FORM})[0] for _ in range(40)]
    assert statuses.count(429) >= 15


def test_doctor_and_status_say_whether_the_proxy_is_in_use(label_studio, sqlite_store, tmp_path) -> None:
    settings = label_studio.settings.model_copy(update={"proxy": ProxySettings(port=free_port())})

    def told() -> tuple[str, str, str]:
        (finding,) = [found for found in diagnose(label_studio.workspace, settings) if found.what == "proxy"]
        return finding.state, finding.found, str(review_status(sqlite_store, label_studio.workspace, settings)["proxy"])

    state, found, status = told()
    assert (state, "another port" in found, "curate review proxy" in status) == ("warning", True, True)
    with running_proxy(tmp_path, settings.proxy, label_studio.server.url):
        assert told()[0::2] == ("good", "in use")
        # One for another server is none.
        assert not proxy_in_use(settings.proxy, "http://127.0.0.1:9")
    with page("http://127.0.0.1:9") as other:
        port = int(other.rstrip("/").rpartition(":")[2])
        assert not proxy_in_use(ProxySettings(port=port), label_studio.server.url)


def test_what_is_missing_is_said(label_studio, tmp_path, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ReviewError, match=f"port {port} to be free"),
            running_proxy(tmp_path, ProxySettings(port=port), label_studio.server.url),
        ):
            pass
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with (
        pytest.raises(ReviewError, match="apt-get install nginx-light"),
        running_proxy(tmp_path, ProxySettings(), label_studio.server.url),
    ):
        pass


@pytest.mark.parametrize(
    "given",
    [
        {"names": ()},
        {"names": ("a.example; return 200",)},
        {"names": ("*",)},
        {"host": "127.0.0.1; deny all"},
        {"certificate": "/etc/c.pem"},
        {"key": "/etc/k.pem"},
        {"certificate": '/etc/"; include /etc/passwd; "', "key": "/etc/k.pem"},
        {"certificate": "/etc/$host.pem", "key": "/etc/k.pem"},
    ],
    ids=str,
)
def test_what_nginx_would_read_in_another_way_is_refused(given) -> None:
    with pytest.raises(ValidationError):
        ProxySettings(**given)


@pytest.mark.parametrize(
    ("settings", "upstream", "url"),
    [
        ({}, "http://127.0.0.1:8099", "http://127.0.0.1:8100"),
        ({"host": "::", "names": ("labels.example.org",)}, "http://127.0.0.1:8099", "http://labels.example.org:8100"),
        ({"host": "0.0.0.0", "port": 443}, "https://127.0.0.1:9/", "https://127.0.0.1:443"),
    ],
)
def test_nginx_accepts_what_is_written_into_a_folder_of_any_name(tmp_path, settings, upstream, url) -> None:
    if url.startswith("https"):
        for name in ("c.pem", "k.pem"):
            settings = {**settings, {"c.pem": "certificate", "k.pem": "key"}[name]: str(tmp_path / name)}
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "1"]
        files = ["-keyout", str(tmp_path / "k.pem"), "-out", str(tmp_path / "c.pem")]
        subprocess.run([*command, *files], check=True, capture_output=True)
    workspace = tmp_path / 'Ä "study" $1; x'
    workspace.mkdir()
    config = proxy_config(ProxySettings(**settings), upstream)
    folder = write_proxy_config(workspace, config)
    assert config.url == url
    checked = subprocess.run([*nginx_command(folder), "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert folder.stat().st_mode & 0o777 == 0o700


def _state(client, to: Targets) -> str:
    from door_parts.proxy import state

    return state(client, to)

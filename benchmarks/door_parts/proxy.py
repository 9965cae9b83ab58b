"""An annotator's account through the shipped proxy; and pages of other ports, without and with it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from review_parts.label_studio_servers import BenchmarkServer, label_studio

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.push import push
from annotation.label_studio.proxy.run import running_proxy
from annotation.label_studio.settings import ProxySettings
from curation.record import Record
from curation.scheme import load_scheme
from door_parts.annotator_calls import FORM, RESULT, Session, Targets, calls
from door_parts.attack import Attack


def attacks(folder: Path, quick: bool) -> Iterator[Attack]:
    """Every call of an annotator's account through the proxy, then CSRF directly and through it."""
    with label_studio() as server, server.client() as client:
        to = targets(server, client)
        anna = server.accounts["anna"]
        with running_proxy(folder, ProxySettings(port=free_port()), server.url) as (_, url):
            session = Session(url, anna.login, anna.password.get_secret_value())
            yield from _as_annotator(session, client, to)
            yield _from_another_port(session, client, to, proxied=True)
        direct = Session(server.url, anna.login, anna.password.get_secret_value())
        yield _from_another_port(direct, client, to, proxied=False)


def targets(server: BenchmarkServer, client: Client) -> Targets:
    """A project with tasks, and an answer and a draft of Ben's in it."""
    with server.store() as store, server.person("ben") as ben:
        texts = ("She had fever.", "He had a cough.")
        store.add_records(
            Record(id=f"r{number}", group="g", source="test", language="en", text=text)
            for number, text in enumerate(texts)
        )
        push(store, client, load_scheme(), server.settings)
        project = client.find_project(server.settings.project)
        if project is None:
            raise RuntimeError("expected the project that was pushed, found none")
        task = min(store.review_tasks(project.key).values(), key=lambda task: task.task_id).task_id
        annotation = ben.annotate(task, RESULT)
        draft = ben.draft(task, RESULT)
    ids = {user["email"].partition("@")[0]: user["id"] for user in client.get("/api/users")}
    return Targets(project.id, task, annotation, draft, ids["ben"], ids["steward"])


def state(client: Client, to: Targets) -> str:
    """All that an annotator must not change, as one text."""
    looked = {
        path: client.get(path, **({"project": to.project} if named else {}))
        for path, named in (
            (f"/api/projects/{to.project}", False),
            (f"/api/tasks/{to.task}/annotations/", False),
            (f"/api/drafts/{to.draft}", False),
            ("/api/webhooks", True),
            ("/api/ml", True),
            ("/api/storages", True),
            ("/api/invite", False),
            ("/api/jwt/settings", False),
            ("/api/users", False),
        )
    }
    # What changes by itself: the time of the last call, and how long ago something was.
    for user in looked["/api/users"]:
        user.pop("last_activity", None)
    text = json.dumps(looked, sort_keys=True)
    return "\n".join(part for part in text.split(", ") if "_ago" not in part)


def _as_annotator(session: Session, client: Client, to: Targets) -> Iterator[Attack]:
    before = state(client, to)
    for call in calls(to):
        status = reached(session, call.method, call.path, call.body, dict(call.headers))
        yield Attack("annotator", call.tried, worked=not call.plain and status < 400, seen=f"{status}", proxied=True)
    after = state(client, to)
    changed = sum(one != other for one, other in zip(before.split("\n"), after.split("\n"), strict=False))
    said = f"{changed} values changed" if after != before else "the server is as it was"
    yield Attack("annotator", "all of these together", worked=after != before, seen=said, proxied=True)


def reached(session: Session, method: str, path: str, body: object, headers: dict[str, str]) -> int:
    """The status of the answer; 400 for a request that is cut off without one."""
    try:
        return session.send(method, path, body, headers)[0]
    except (ConnectionError, OSError, ValueError):
        return 400


def _from_another_port(session: Session, client: Client, to: Targets, *, proxied: bool) -> Attack:
    """A form on a page of another port of this host, sent by the browser of somebody who is logged in."""
    page = {"Origin": "http://127.0.0.1:9", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}
    fields = urlencode({"result": json.dumps(RESULT), "lead_time": 1})
    path = f"/api/tasks/{to.task}/annotations/"
    before = len(client.get(path))
    status = reached(session, "POST", path, fields, {**page, "Content-Type": FORM})
    worked = len(client.get(path)) > before
    why = "Label Studio checks no token on its API" if worked else "an answer is only taken from its own page"
    tried = "an answer from a page of another port"
    return Attack("csrf", tried, worked=worked, seen=f"{status}: {why}", proxied=proxied)


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

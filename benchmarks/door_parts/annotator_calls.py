"""What somebody with an annotator's account can send to Label Studio beside the calls of the editor."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Call:
    """One request; `path` is sent as it stands. `plain` calls are allowed ones that carry something else in headers."""

    tried: str
    method: str
    path: str
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()
    plain: bool = False


@dataclass(frozen=True)
class Targets:
    """Numbers of what is attacked: a project, a task of it, what another annotator said about it, and accounts."""

    project: int
    task: int
    annotation: int
    draft: int
    other: int
    steward: int


class Session:
    """A logged-in browser's cookies, for requests that no library tidies."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.url = url
        self._address = urlsplit(url).netloc
        self._cookies: dict[str, str] = {}
        _, page = self.send("GET", "/user/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {"csrfmiddlewaretoken": token[1] if token else "", "email": login, "password": password}
        status, _ = self.send("POST", "/user/login/", urlencode(form), {"Content-Type": FORM})
        if status != 302:
            raise RuntimeError(f"expected to be logged in as {login}, got status {status}")

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """The status and the text of the answer; a body that is no text is sent as JSON."""
        sent = {"Host": self._address, "Origin": self.url, "Content-Type": "application/json", **(headers or {})}
        sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        content = body if isinstance(body, str) or body is None else json.dumps(body)
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            connection.request(method, path, content, sent)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()


FORM = "application/x-www-form-urlencoded"

#: A region that is valid in the default scheme's project.
RESULT = [{"from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": ["accept"]}}]


def calls(to: Targets) -> Iterator[Call]:
    """Every attack of an annotator's account, on these targets."""
    yield from _texts_out(to)
    yield from _others_work(to)
    yield from _accounts(to)
    yield from _paths(to)
    yield from _disguises(to)


def _texts_out(to: Targets) -> Iterator[Call]:
    """Ways by which texts, files or tokens leave the server or come into it."""
    address = "http://127.0.0.1:9/"
    made: list[tuple[str, str, str, Any]] = [
        ("a back end by URL", "POST", "/api/ml/", {"project": to.project, "url": address, "title": "x"}),
        ("a back end changed", "PATCH", "/api/ml/1", {"url": address, "project": to.project}),
        ("a back end asked for all", "POST", "/api/ml/1/train", {}),
        ("a webhook with payload", "POST", "/api/webhooks/", {"url": address, "send_payload": True}),
        ("the hints' secret", "GET", f"/api/webhooks/?project={to.project}", None),
        ("import by URL", "POST", f"/api/projects/{to.project}/import", {"url": address}),
        ("import of tasks", "POST", f"/api/projects/{to.project}/import", [{"text": "x"}]),
        ("import by the old way", "POST", f"/api/projects/{to.project}/tasks/bulk/", [{"text": "x"}]),
        ("a new import", "POST", f"/api/projects/{to.project}/reimport", {}),
        ("predictions imported", "POST", f"/api/projects/{to.project}/import/predictions", []),
        ("a prediction", "POST", "/api/predictions/", {"task": to.task, "result": []}),
        ("a local storage", "POST", "/api/storages/localfiles", {"project": to.project, "path": "/etc"}),
        ("an S3 storage", "POST", "/api/storages/s3", {"project": to.project, "bucket": "x"}),
        ("an export storage", "POST", "/api/storages/export/localfiles", {"project": to.project, "path": "/tmp"}),
        ("export", "GET", f"/api/projects/{to.project}/export?exportType=JSON", None),
        ("export in the background", "POST", f"/api/projects/{to.project}/exports/", {}),
        ("uploaded files", "GET", "/data/upload/1/x.json", None),
        ("files of the server", "GET", "/data/local-files/?d=etc/passwd", None),
        ("a resolved address", "GET", f"/tasks/{to.task}/resolve/?fileuri=aHR0cDovLzEyNy4wLjAuMQ==", None),
    ]
    return (Call(*one) for one in made)


def _others_work(to: Targets) -> Iterator[Call]:
    """Ways by which what others said or are to see is changed or lost."""
    theirs = f"/api/annotations/{to.annotation}/"
    answers = f"/api/tasks/{to.task}/annotations/"
    project = f"project={to.project}"
    everything = {"selectedItems": {"all": True, "excluded": []}, "project": str(to.project)}
    made: list[tuple[str, str, str, Any]] = [
        ("a task deleted", "DELETE", f"/api/tasks/{to.task}/", None),
        ("a task's text changed", "PATCH", f"/api/tasks/{to.task}/", {"data": {"text": "x"}}),
        ("a task made", "POST", "/api/tasks/", {"project": to.project, "data": {"text": "x"}}),
        ("all tasks deleted", "DELETE", f"/api/projects/{to.project}/tasks/", None),
        ("the project deleted", "DELETE", f"/api/projects/{to.project}/", None),
        ("the project changed", "PATCH", f"/api/projects/{to.project}/", {"title": "Theirs now"}),
        ("a project made", "POST", "/api/projects/", {"title": "Mine", "label_config": "<View/>"}),
        ("all tasks deleted by the list", "POST", f"/api/dm/actions?id=delete_tasks&{project}", everything),
        ("answers deleted by the list", "POST", f"/api/dm/actions?id=delete_tasks_annotations&{project}", everything),
        ("two actions", "POST", f"/api/dm/actions?id=next_task&id=delete_tasks&{project}", {"project": "1"}),
        ("an action in another writing", "POST", f"/api/dm/actions?id=next_task%00delete_tasks&{project}", {}),
        ("an action on chosen tasks", "POST", f"/api/dm/actions?id=next_task&{project}", everything),
        ("the tabs reset", "DELETE", f"/api/dm/views/reset/?{project}", {"project": to.project}),
        ("a tab changed", "PATCH", f"/api/dm/views/1?{project}", {"data": {"ordering": ["-tasks:id"]}}),
        ("a tab that filters", "POST", f"/api/dm/views?{project}", {"data": {"type": "list", "filters": FILTER}}),
        (
            "a tab with an object for a list",
            "POST",
            f"/api/dm/views?{project}",
            {"data": {"type": "list", "ordering": {"length": 0, "0": "-tasks:id"}}},
        ),
        (
            "a tab with a text for its filters",
            "POST",
            f"/api/dm/views?{project}",
            {"data": {"type": "list", "filters": "tasks:id"}},
        ),
        ("another's draft submitted", "POST", answers, {"result": RESULT, "draft_id": to.draft}),
        ("an answer in another's name", "POST", answers, {"result": RESULT, "completed_by": to.other}),
        ("the same, escaped", "POST", answers, '{"result": [], "completed\\u005fby": ' + f"{to.other}}}"),
        ("the same, given twice", "POST", answers, '{"result": [], "completed_by": null, "completed_by": 1}'),
        ("an answer as gold", "POST", answers, {"result": RESULT, "ground_truth": True}),
        ("an answer as a form", "POST", answers, urlencode({"result": "[]", "completed_by": to.other})),
        ("an answer as text", "POST", answers, {"result": json.dumps(RESULT)}),
        ("another's answer changed", "PATCH", theirs, {"result": RESULT}),
        ("another's answer replaced", "PUT", theirs, {"result": RESULT}),
        ("another's answer made mine", "PATCH", theirs, {"completed_by": to.steward}),
        ("another's answer deleted", "DELETE", theirs, None),
        ("another's answer made a draft", "POST", f"{theirs}convert-to-draft", {}),
        ("another's draft changed", "PATCH", f"/api/drafts/{to.draft}", {"result": []}),
        ("another's draft deleted", "DELETE", f"/api/drafts/{to.draft}", None),
        ("a draft in another's name", "POST", f"/api/tasks/{to.task}/drafts", {"result": [], "user": to.other}),
        ("a draft of another's answer", "POST", f"{answers}{to.annotation}/drafts", {"result": []}),
    ]
    return (Call(*one, headers=_form(one[3])) for one in made)


FILTER = {"conjunction": "and", "items": [{"filter": "filter:tasks:id", "operator": "equal", "value": 1}]}


def _form(body: object) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", FORM),) if isinstance(body, str) and not body.startswith("{") else ()


def _accounts(to: Targets) -> Iterator[Call]:
    """Ways to other accounts, to tokens, and to the server's settings."""
    made: list[tuple[str, str, str, Any]] = [
        ("the invitation", "GET", "/api/invite", None),
        ("a new invitation", "POST", "/api/invite/reset-token", {}),
        ("sign-up", "POST", "/user/signup/?token=x", {"email": "stranger@example.org", "password": "x" * 12}),
        ("the sign-up page", "GET", "/user/signup/", None),
        ("the steward renamed", "PATCH", f"/api/users/{to.steward}/", {"first_name": "Nobody"}),
        ("another account deleted", "DELETE", f"/api/users/{to.other}/", None),
        ("an account made", "POST", "/api/users/", {"email": "stranger@example.org"}),
        ("an account looked at", "GET", f"/api/users/{to.steward}/", None),
        ("an avatar", "POST", f"/api/users/{to.steward}/avatar", {}),
        ("the token", "GET", "/api/current-user/token", None),
        ("a new token", "POST", "/api/current-user/reset-token/", {}),
        ("an access token", "POST", "/api/token/", {}),
        ("all access tokens", "GET", "/api/token/", None),
        ("settings of tokens", "POST", "/api/jwt/settings", {"legacy_api_tokens_enabled": True}),
        ("session settings", "PATCH", "/api/session-policy/", {"max_session_age": 9999999}),
        ("the organisation", "PATCH", "/api/organizations/1", {"title": "Theirs now"}),
        ("its members", "GET", "/api/organizations/1/memberships", None),
        ("a member removed", "DELETE", f"/api/organizations/1/memberships/{to.other}/", None),
        ("the admin pages", "GET", "/admin/", None),
        ("the job queue's pages", "GET", "/django-rq/", None),
        ("flags", "GET", "/feature-flags/", None),
        ("metrics", "GET", "/metrics/", None),
        ("an error on purpose", "GET", "/trigger500/", None),
        ("the API's description", "GET", "/docs/api/schema/json/", None),
        ("project settings page", "GET", f"/projects/{to.project}/settings/webhooks", None),
    ]
    return (Call(*one) for one in made)


def _paths(to: Targets) -> Iterator[Call]:
    """The hints' secret and the admin pages, by other writings of their paths."""
    for path in (
        "//api/webhooks/",
        "/api//webhooks/",
        "/api/./webhooks/",
        "/api/%77ebhooks/",
        "/%61pi/webhooks/",
        "/API/webhooks/",
        "/api%2fwebhooks/",
        "/api%252fwebhooks/",
        "/api\\webhooks\\",
        "/api/webhooks",
        "/api/webhooks/;.js",
        "/api/webhooks/%00.js",
        "/api/webhooks/?.js",
        "/api/webhooks/#.js",
        "/api/tasks/../webhooks/",
        "/static/../api/webhooks/",
        "/static/%2e%2e/api/webhooks/",
        "/static/..%2fapi/webhooks/x.js",
        "/static/..;/api/webhooks/x.js",
        "/static/js/../../api/webhooks/x.js",
        "/static/../../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/react-app/..%5c..%5cetc/passwd.js",
        "/static/",
        "/.label-studio/api/webhooks/",
        "/user/login/../../api/webhooks/",
        f"/projects/{to.project}/data/../../../admin/",
        f"/api/tasks/{to.task}%0d%0aX:y",
        f"/api/tasks/{to.task}/..;/{to.task}",
        f"/api/tasks/-{to.task}",
        f"/api/tasks/{to.task}?fields=all&project={to.project}&resolve_uri=true",
    ):
        yield Call(f"the path {path}", "GET", path)
    yield Call("the path as a whole address", "GET", "http://127.0.0.1/api/webhooks/")
    for method in ("PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "delete", "GETX"):
        yield Call(f"the method {method}", method, f"/api/tasks/{to.task}")


def _disguises(to: Targets) -> Iterator[Call]:
    """Allowed calls that carry another method, path or address in a header, a parameter or a body."""
    task = f"/api/tasks/{to.task}"
    for header, value in (
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-HTTP-Method", "DELETE"),
        ("X-Method-Override", "DELETE"),
        ("X-Original-URL", "/api/webhooks/"),
        ("X-Rewrite-URL", "/api/webhooks/"),
        ("X-Forwarded-Host", "evil.example"),
        ("Authorization", "Token 0000000000000000000000000000000000000000"),
    ):
        yield Call(f"the header {header}", "GET", task, headers=((header, value),), plain=True)
    yield Call("another host", "GET", task, headers=(("Host", "evil.example"),))
    yield Call("a parameter _method", "GET", f"{task}?_method=DELETE")
    yield Call("a body with a question", "GET", task, {"_method": "DELETE"})
    yield Call("a body beyond the limit", "POST", f"{task}/annotations", '{"result": ["' + "x" * 9_000_000 + '"]}')
    yield Call("a body without an end", "POST", f"{task}/annotations", "[" * 100_000)

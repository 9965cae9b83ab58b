"""Connecting the back end to a project in Label Studio."""

from __future__ import annotations

from typing import Any

from annotation.label_studio.api.client import BACKEND_TITLE, Client
from annotation.label_studio.backend.basic_auth import BasicAuth
from curation.errors import ReviewError

#: What Label Studio calls a back end that it reaches.
CONNECTED = "CO"


def connect_backend(client: Client, project_title: str, url: str, auth: BasicAuth) -> str:
    """Connect the back end to the project and return the project's address; safe to repeat.

    Raises ReviewError when there is no such project, or Label Studio does not reach the back end.
    """
    project = client.find_project(project_title)
    if project is None:
        raise ReviewError(
            f"expected a project {project_title!r} in Label Studio, found none; make it with `curate review push`"
        )
    _add(client, project.id, url, auth)
    found = _backend(client, project.id)
    if found is None or found["state"] != CONNECTED:
        raise ReviewError(
            f"expected Label Studio to reach the back end at {url}, it does not: see its log; "
            "a server elsewhere needs review.backend.host and review.backend.address"
        )
    _remove_webhook(client, project.id, url)
    if client.project(project.id).model_version != BACKEND_TITLE:
        client.update_project(project.id, model_version=BACKEND_TITLE)
    return f"{client.url}/projects/{project.id}"


def disconnect_backends(client: Client, project_title: str, url: str, *, shows: str) -> int:
    """How many back ends of ours at the address were taken from the project, which then shows predictions of `shows`.

    Label Studio has their password, and sends it with the texts that people open to whoever listens at the address.
    """
    project = client.find_project(project_title)
    if project is None:
        return 0
    found = _backends(client, project.id)
    ours = [int(backend["id"]) for backend in found if str(backend["url"]).rstrip("/") == url.rstrip("/")]
    for id in ours:
        disconnect_backend(client, project.id, id, shows=shows)
    return len(ours)


def disconnect_backend(client: Client, project: int, id: int, *, shows: str) -> None:
    """Take a back end from a project, which then shows the predictions of another version, where there is one."""
    client.call("DELETE", f"/api/ml/{id}")
    if shows and client.project(project).model_version in ("", BACKEND_TITLE):
        client.update_project(project, model_version=shows)


def _add(client: Client, project: int, url: str, auth: BasicAuth) -> None:
    # A change without address, project and password is refused or fails with status 500: all are sent each time.
    fields: dict[str, Any] = {
        "project": project,
        "title": BACKEND_TITLE,
        "url": url,
        "is_interactive": True,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": auth.login,
        "basic_auth_pass": auth.password,
    }
    connected = _backend(client, project)
    if connected is None:
        client.call("POST", "/api/ml", body=fields)
    else:
        client.call("PATCH", f"/api/ml/{connected['id']}", body=fields)


def _backend(client: Client, project: int) -> dict[str, Any] | None:
    return min(_backends(client, project), key=lambda backend: backend["id"], default=None)


def _backends(client: Client, project: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/ml", project=project)
    return [backend for backend in found if backend["title"] == BACKEND_TITLE]


def _remove_webhook(client: Client, project: int, url: str) -> None:
    """Remove the webhook that Label Studio adds to a back end: it sends each saved annotation, without a password.

    They are not used here, and each would delay saving. The training button does not need the webhook.
    """
    for webhook in client.get("/api/webhooks", project=project):
        if webhook["url"] == f"{url}/webhook":
            client.call("DELETE", f"/api/webhooks/{webhook['id']}/")

"""The back end made known to a project in Label Studio."""

from __future__ import annotations

from typing import Any

from annotation.label_studio.api.client import BACKEND_TITLE, Client
from annotation.label_studio.backend.basic_auth import Door
from curation.errors import ReviewError

#: What Label Studio calls a back end that it reaches.
CONNECTED = "CO"


def connect_backend(client: Client, project_title: str, url: str, door: Door) -> str:
    """The address of the project that asks the back end from now on; the same connection when done again.

    Raises ReviewError when there is no such project, or Label Studio does not reach the back end.
    """
    project = client.find_project(project_title)
    if project is None:
        raise ReviewError(
            f"expected a project {project_title!r} in Label Studio, found none; make it with `curate review push`"
        )
    _add(client, project.id, url, door)
    found = _backend(client, project.id)
    if found is None or found["state"] != CONNECTED:
        raise ReviewError(
            f"expected Label Studio to reach the back end at {url}, it does not: see its log; "
            "a server elsewhere needs review.backend.host and review.backend.address"
        )
    _mute(client, project.id, url)
    if client.project(project.id).model_version != BACKEND_TITLE:
        client.update_project(project.id, model_version=BACKEND_TITLE)
    return f"{client.url}/projects/{project.id}"


def _add(client: Client, project: int, url: str, door: Door) -> None:
    # A change without address, project and password is refused, or ends in an error 500: all are sent each time.
    wanted: dict[str, Any] = {
        "project": project,
        "title": BACKEND_TITLE,
        "url": url,
        "is_interactive": True,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": door.login,
        "basic_auth_pass": door.password,
    }
    known = _backend(client, project)
    if known is None:
        client.call("POST", "/api/ml", body=wanted)
    else:
        client.call("PATCH", f"/api/ml/{known['id']}", body=wanted)


def _backend(client: Client, project: int) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = client.get("/api/ml", project=project)
    return min((one for one in found if one["title"] == BACKEND_TITLE), key=lambda one: one["id"], default=None)


def _mute(client: Client, project: int, url: str) -> None:
    """Remove the webhook that Label Studio adds to a back end: it sends each saved annotation, without a password.

    Nobody needs them here, and each would delay a saving. The training button does not use it.
    """
    for one in client.get("/api/webhooks", project=project):
        if one["url"] == f"{url}/webhook":
            client.call("DELETE", f"/api/webhooks/{one['id']}/")

"""Webhooks, back ends and storages that are not ours: by each of them texts can leave Label Studio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from annotation.label_studio.api.client import BACKEND_TITLE, Client, Json
from annotation.label_studio.backend.connect import disconnect_backend
from annotation.label_studio.backend.state import running_port
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.guard.foreign_entry import ForeignEntry, shown, shown_address
from annotation.label_studio.registrations import Registrations
from annotation.label_studio.settings import LabelStudioSettings
from annotation.label_studio.watch.webhook import ACTIONS
from annotation.label_studio.watch.webhook_receiver import HEADER


def foreign_outlets(
    client: Client,
    settings: LabelStudioSettings,
    noted: Registrations,
    projects: Mapping[int, Ledger],
    workspace: Path,
) -> Iterator[ForeignEntry]:
    """Those of these projects and of all projects; on a server of our own the webhooks of any project.

    There our own back end counts as well while it does not run: somebody else may listen on its port.
    """
    for hook in client.get("/api/webhooks/"):
        concerns_us = settings.url is None or hook.get("project") in (None, *projects)
        if concerns_us and (found := _foreign_webhook(hook, noted)):
            yield found
    for project, ledger in projects.items():
        yield from _backends(client, project, settings, noted)
        if settings.url is None:
            yield from _left_backends(client, project, settings, noted, workspace, ledger)
        yield from _storages(client, project)


def _foreign_webhook(hook: Json, noted: Registrations) -> ForeignEntry | None:
    url, headers = str(hook.get("url")), hook.get("headers") or {}
    quiet = not hook.get("send_payload") and not hook.get("send_for_all_actions")
    is_noted = noted.has_hints(url, str(headers.get(HEADER, "")))
    if is_noted and quiet and set(hook.get("actions") or ()) <= set(ACTIONS):
        return None
    sends = "texts and answers" if hook.get("send_payload") else "a note of each event"
    state = "" if hook.get("is_active") else " (switched off)"
    whose = ", ours once, and changed since" if is_noted else ""
    if HEADER in headers and not is_noted:
        whose = ", with a hints secret that is not ours"
    return ForeignEntry(
        "webhook",
        f"number {hook['id']} sends {sends} to {shown_address(url)}{state}{whose}",
        sends_text=bool(hook.get("send_payload") and hook.get("is_active")),
        undo=partial(_delete, path=f"/api/webhooks/{hook['id']}/"),
    )


def _backends(
    client: Client, project: int, settings: LabelStudioSettings, noted: Registrations
) -> Iterator[ForeignEntry]:
    for found in client.get("/api/ml", project=project):
        if _is_ours(found, settings, noted):
            continue
        yield ForeignEntry(
            "back end",
            f"number {found['id']} ({shown(found.get('title') or 'no title')}) gets the texts of project {project} at "
            f"{shown_address(found.get('url'))}",
            sends_text=True,
            undo=partial(_delete, path=f"/api/ml/{found['id']}"),
        )


def _is_ours(found: Json, settings: LabelStudioSettings, noted: Registrations) -> bool:
    backend = settings.backend
    ours = {(backend.address or f"http://{backend.host}:{backend.port}").rstrip("/"), *noted.backends}
    has_our_name = found.get("title") == BACKEND_TITLE and found.get("auth_method") == "BASIC_AUTH"
    return has_our_name and str(found.get("url")).rstrip("/") in ours


def _left_backends(
    client: Client,
    project: int,
    settings: LabelStudioSettings,
    noted: Registrations,
    workspace: Path,
    ledger: Ledger,
) -> Iterator[ForeignEntry]:
    """Back ends of ours that do not run, such as one that was killed."""

    def disconnect(client: Client, id: int, url: str) -> None:
        if not _runs(workspace, url):  # it may have begun meanwhile
            disconnect_backend(client, project, id, shows=ledger.usual_version())

    for found in client.get("/api/ml", project=project):
        url = str(found.get("url"))
        if _is_ours(found, settings, noted) and not _runs(workspace, url):
            yield ForeignEntry(
                "back end",
                f"number {found['id']} of project {project} is ours and does not run: whoever listens at "
                f"{shown_address(url)} now is sent its password and the texts that people open",
                sends_text=True,
                undo=partial(disconnect, id=found["id"], url=url),
                at_once=True,
            )


def _runs(workspace: Path, url: str) -> bool:
    port = running_port(workspace)
    return port is not None and port == urlsplit(url).port


def _storages(client: Client, project: int) -> Iterator[ForeignEntry]:
    for kind, path in (("import storage", "/api/storages"), ("export storage", "/api/storages/export")):
        for found in client.get(f"{path}/" if kind == "import storage" else path, project=project):
            type = shown(found.get("type") or "of no kind")
            yield ForeignEntry(
                kind,
                f"number {found['id']} ({type}, {shown(found.get('title') or 'no title')}) of project {project}",
                sends_text=kind == "export storage",
                undo=partial(_delete, path=f"{path}/{type}/{found['id']}"),
            )


def _delete(client: Client, *, path: str) -> None:
    client.call("DELETE", path)

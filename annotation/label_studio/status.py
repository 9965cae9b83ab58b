"""The state of the review: counts of records, tasks and annotations."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from pydantic import JsonValue

from annotation.label_studio.api.client import Client
from annotation.label_studio.backend.state import backend_state
from annotation.label_studio.exchange.doubted import count_waiting
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.proxy.run import NO_PROXY, proxy_in_use
from annotation.label_studio.server import server
from annotation.label_studio.session import connect
from annotation.label_studio.settings import LabelStudioSettings
from curation.author import is_human
from curation.errors import ReviewError
from curation.store import Store

#: What is said of a server that keeps no history of answers.
NO_HISTORY = "none: two kinds of answers under a false name are not told (review.history = false)"


def review_status(store: Store, workspace: Path, settings: LabelStudioSettings) -> dict[str, JsonValue]:
    """Server, project and counts; of a server that does not answer, why it does not."""
    found = _server(workspace, settings) | backend_state(workspace) | {"in_doubt": count_waiting(store)}
    try:
        with connect(workspace, settings) as client:
            return found | {"up": True, "version": client.version()} | _project(store, client, settings)
    except ReviewError as error:
        return found | {"up": False, "problem": str(error)}


def _server(workspace: Path, settings: LabelStudioSettings) -> dict[str, JsonValue]:
    if settings.url is not None:
        return {"url": settings.url, "own": False}
    running = server.status(workspace)
    if running is None:
        return {"url": None, "own": True}
    return {
        "url": running.url,
        "own": True,
        "pid": running.pid,
        "login": running.login,
        "log": str(running.log),
        "history": "kept" if settings.history else NO_HISTORY,
        "proxy": "in use" if proxy_in_use(settings.proxy, running.url) else f"{NO_PROXY} (curate review proxy)",
    }


def _project(store: Store, client: Client, settings: LabelStudioSettings) -> dict[str, JsonValue]:
    project = client.find_project(settings.project)
    if project is None:
        return {"project": settings.project, "tasks": 0, "annotated": 0, "annotators": {}}
    ledger = Ledger(store, project.key)
    pulled = Counter({name: count for name, count in store.layer_names().items() if is_human(name)})
    return {
        "project": project.title,
        "address": f"{client.url}/projects/{project.id}",
        "model_version": project.model_version,
        "tasks": project.tasks,
        "annotated": project.annotated,
        "annotations": project.annotations,
        "pushed": ledger.confirmed,
        "unconfirmed": len(ledger.sent) - ledger.confirmed,
        "annotators": dict(sorted(pulled.items())),
    }

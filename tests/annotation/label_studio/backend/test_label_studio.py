"""A real Label Studio asks a real back end: opened tasks, selections, the wrong password, and the training button."""

from __future__ import annotations

import sys
import time

import pytest
from verdicts import given

from annotation.label_studio.api.client import BACKEND_TITLE
from annotation.label_studio.api.errors import RefusedError
from annotation.label_studio.backend.basic_auth import BasicAuth
from annotation.label_studio.backend.connect import connect_backend
from annotation.label_studio.exchange.project import ensure_project
from annotation.label_studio.exchange.push import push
from annotation.label_studio.exchange.task_payload import task_data
from annotation.label_studio.settings import BackendSettings
from annotation.label_studio.status import review_status
from curation.errors import ReviewError
from curation.record import Layer
from pipeline.steps.freeze import freeze
from pipeline.workspace import Workspace

TEXTS = (
    "👩‍⚕️ A [54-year-old]{age} [woman]{gender} came with [fever]{signs_symptoms}.\r\nNo\t[cough]{signs_symptoms}.",
    "The [boy]{gender} 🙂 had [a dry cough]{signs_symptoms} with [fever]{signs_symptoms}.",
    "A [61-year-old]{age} [man]{gender} had [gout]{diagnosis} and [chest pain]{signs_symptoms}.",
    "A [19-year-old]{age} [man]{gender} had [asthma]{diagnosis} and [headache]{signs_symptoms}.",
)
CURATE = (sys.executable, "-c", "from pipeline.command import main; main()")

QUICK = {
    "training.epochs": 1,
    "training.window": 32,
    "training.stride": 8,
    "training.rank": 2,
    "training.threads": 1,
    "curation.split.train": 1.0,
    "curation.split.validation": 0.0,
    "curation.split.test": 0.0,
}


@pytest.fixture
def workspace(tmp_path, annotated):
    """A workspace with a frozen set of TEXTS."""
    place = Workspace.make(tmp_path / "workspace", QUICK)
    with place.open_store() as store:
        pairs = [annotated(text) for text in TEXTS]
        store.add_records([record for record, _ in pairs])
        store.add_layers([layer for _, layer in pairs])
        store.decide(given((record.id for record, _ in pairs), "gold"))
        freeze(place, store, name="cases", layers=["gold"])
    return place


@pytest.fixture
def records(workspace):
    """The workspace's records."""
    with workspace.open_store() as store:
        return list(store.records())


@pytest.fixture
def backend(workspace, run_backend, scheme, settings):
    """A back end that follows the workspace's newest adapter, with the rules until there is one."""
    chosen = BackendSettings(annotator="adapter", watch=0.1, deadline=60)
    train = (*CURATE, "train", "--workspace", str(workspace.folder))
    with run_backend(workspace.folder, scheme, settings.model_copy(update={"backend": chosen}), train=train) as running:
        yield running


def marks(prediction):
    return {
        (one["value"]["start"], one["value"]["end"], *one["value"]["labels"])
        for one in prediction["result"]
        if one["type"] == "labels"
    }


def test_label_studio_is_helped_while_people_work(
    backend, workspace, records, sqlite_store, client, scheme, settings, anna
):
    with pytest.raises(ReviewError, match="found none; make it with"):
        connect_backend(client, settings.project, backend.url, backend.auth)
    project = ensure_project(client, scheme, settings)
    tasks = client.import_tasks(project.id, [{"data": task_data(record)} for record in records])

    # A wrong password is refused, and leaves nothing behind.
    with pytest.raises(RefusedError):
        connect_backend(client, settings.project, backend.url, BasicAuth("clincurate", "wrong"))
    assert client.get("/api/ml", project=project.id) == []

    # Connected twice, there is one back end, and no webhook that sends texts about.
    for _ in range(2):
        connect_backend(client, settings.project, backend.url, backend.auth)
    (known,) = client.get("/api/ml", project=project.id)
    assert (known["state"], known["title"], known["model_version"]) == ("CO", BACKEND_TITLE, "rules@3")
    assert client.get("/api/webhooks", project=project.id) == []
    assert "basic_auth_pass" not in known

    # A task that is opened is annotated, at exact offsets.
    first = records[0]
    opened = client.get(f"/api/tasks/{tasks[0]}", project=project.id)
    (prediction,) = opened["predictions"]
    assert prediction["model_version"] == "rules@3"
    start = first.text.index("fever")
    assert (start, start + 5, "signs_symptoms") in marks(prediction)
    assert all(
        one["value"]["text"] == first.text[one["value"]["start"] : one["value"]["end"]]
        for one in prediction["result"]
        if one["type"] == "labels"
    )
    shown = anna.next_task(project.id)
    assert [one["model_version"] for one in shown["predictions"]] == ["rules@3"]

    # A selection is given a label.
    drawn = {"from_name": "label", "to_name": "text", "type": "labels", "value": {"start": start, "end": start + 3}}
    answer = client.call(
        "POST",
        f"/api/ml/{known['id']}/interactive-annotating",
        body={"task": tasks[0], "context": {"result": [drawn]}},
    )
    assert marks(answer["data"]) == {(start, start + 5, "signs_symptoms")}

    # The training button trains, and the new adapter predicts without a restart.
    client.call("POST", f"/api/ml/{known['id']}/train", body={})
    assert review_status(sqlite_store, workspace.folder, settings)["training"].startswith("reviewed-0001")
    version = _until(lambda: _version(backend))
    assert version.startswith("adapter:reviewed-0001@")
    assert client.get(f"/api/ml/{known['id']}/versions")["versions"] == [version]
    opened = client.get(f"/api/tasks/{tasks[2]}", project=project.id)
    assert [one["model_version"] for one in opened["predictions"]] == [version]

    # A push adds its predictions, and the project still shows the back end's.
    with workspace.open_store() as store:
        layer = Layer(record_id=first.id, name="rules", author="rules@0")
        store.add_layers([layer])
        assert push(store, client, scheme, settings).model_version == "rules@0"
    assert client.project(project.id).model_version == BACKEND_TITLE


def _version(backend):
    health = backend.http.get("/health").json()
    assert health["training"]["state"] != "failed", health["training"]
    return health["model_version"] if health["model_version"] != "rules@3" else None


def _until(found):
    for _ in range(1200):
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError("expected a new adapter in the end, got none")

"""`curate export label-studio` in a real Label Studio: what it takes, shows, exports, and what of that comes back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from export_parts.differences import differences
from export_parts.stumbling import stumbling

from annotation.label_studio.api.client import Client, Project
from annotation.review_settings import ReviewSettings
from curation.record import Layer, Record
from curation.scheme import Scheme, load_scheme
from curation.sets.layer_set import unreviewed_set
from curation.sources import Problem, Read, read
from exports.handover import hand_over
from exports.label_studio import CAPACITY
from exports.settings import ExportSettings
from exports.writer import ExportedSet

SCHEME = load_scheme()
Members = list[tuple[Record, Layer]]
Answers = Callable[..., Any]


def exported(members: Members, to: Path, scheme: Scheme = SCHEME) -> list[dict[str, Any]]:
    """The tasks of an export, as a person would import them into a project."""
    curated = unreviewed_set((("train", *member) for member in members), scheme, "gold")
    hand_over("label-studio", ExportedSet(curated, scheme, lambda _: iter(members)), to, ExportSettings(), Counter())
    tasks: list[dict[str, Any]] = json.loads((to / "train.json").read_text(encoding="utf-8"))
    return tasks


@pytest.fixture
def ask(label_studio) -> Answers:
    """Asks the server itself, as its own interface does."""

    def answer(method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Token {label_studio.server.token}"}
        found = httpx.request(
            method, f"{label_studio.server.url}{path}", headers=headers, timeout=60, trust_env=False, **more
        )
        assert found.status_code < 300, found.text
        return found.json()

    return answer


def imported(
    client: Client, settings: ReviewSettings, ask: Answers, tasks: list[dict[str, Any]], config: Path
) -> Project:
    """A new project with the configuration and the tasks of an export."""
    project = client.create_project(settings.project, config.read_text(encoding="utf-8"), "")
    ask("POST", f"/api/projects/{project.id}/import", json=tasks)
    return project


def simple(results: list[dict[str, Any]]) -> list[Any]:
    """What results say, without what a server adds."""
    said = []
    for result in results:
        value = {name: each for name, each in (result.get("value") or {}).items() if name != "text"}
        said.append([result["type"], result.get("id"), result.get("from_id"), result.get("to_id"), value])
    return sorted(said, key=json.dumps)


def as_read(path: Path) -> list[Read]:
    found = list(read(path))
    assert not [item for item in found if isinstance(item, Problem)]
    return [item for item in found if isinstance(item, Read)]


def test_what_people_said_is_there_as_annotations_and_comes_back_in_both_forms(
    client, settings, ask, anna, tmp_path
) -> None:
    members = stumbling()
    members[1] = (members[1][0], members[1][1].model_copy(update={"labels": {"smoker": "never"}}))
    scheme = SCHEME
    tasks = exported(members, tmp_path, scheme)
    project = imported(client, settings, ask, tasks, tmp_path / "config.xml")
    shown = ask("GET", f"/api/projects/{project.id}/export?exportType=JSON")
    by_id = {task["data"]["id"]: task for task in shown}
    for task in tasks:
        (found,) = by_id[task["data"]["id"]]["annotations"]
        assert by_id[task["data"]["id"]]["data"] == task["data"]
        assert simple(found["result"]) == simple(task["annotations"][0]["result"])
    number = by_id["hard-4"]["id"]
    mark = next(task for task in tasks if task["data"]["id"] == "hard-4")["annotations"][0]["result"][:1]
    anna.annotate(number, mark)

    whole, least = tmp_path / "server" / "whole.json", tmp_path / "server" / "least.json"
    whole.parent.mkdir()
    for path, form in ((whole, "JSON"), (least, "JSON_MIN")):
        path.write_text(json.dumps(ask("GET", f"/api/projects/{project.id}/export?exportType={form}")), "utf-8")
    for path, keeps_all in ((whole, True), (least, False)):
        back = as_read(path)
        assert len(back) == len(members) + 1
        assert len({item.layers[0].name for item in back}) == 2
        for record, layer in members:
            item = next(item for item in back if item.record.text == record.text and "anna" not in item.layers[0].name)
            (found,) = item.layers
            lost = differences((record, layer), (record, found))
            if keeps_all:
                assert lost == CAPACITY(record, layer, scheme) - Counter({"fields of records": 9})
            else:
                spans = Counter((entity.category, span) for entity in found.entities for span in entity.spans)
                assert spans == Counter((entity.category, span) for entity in layer.entities for span in entity.spans)


def test_what_a_machine_said_is_there_as_predictions_with_its_scores(client, settings, ask, tmp_path) -> None:
    members = [(record, replace_author(layer)) for record, layer in stumbling()]
    tasks = exported(members, tmp_path)
    project = imported(client, settings, ask, tasks, tmp_path / "config.xml")
    ids = [task["id"] for task in ask("GET", f"/api/tasks?project={project.id}&page_size=100")["tasks"]]
    for id in ids:
        task = ask("GET", f"/api/tasks/{id}")
        sent = next(each for each in tasks if each["data"] == task["data"])
        assert task["annotations"] == []
        (found,) = task["predictions"]
        assert found["model_version"] == "rules@1"
        assert simple(found["result"]) == simple(sent["predictions"][0]["result"])
        scores = [result.get("score") for result in sent["predictions"][0]["result"] if "score" in result]
        assert [result["score"] for result in found["result"] if result.get("score") is not None] == scores


def replace_author(layer: Layer) -> Layer:
    return layer.model_copy(update={"author": "rules@1", "name": "rules"})

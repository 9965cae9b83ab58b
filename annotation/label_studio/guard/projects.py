"""Projects whose settings, tasks or owner are not as we made them, and projects of others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any

from annotation.label_studio.api.client import BACKEND_TITLE, Client, Json, Project
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.exchange.project import ProjectConfig, keep_project
from annotation.label_studio.guard.foreign_entry import ForeignEntry, shown
from annotation.label_studio.logins import login_of
from annotation.label_studio.server.credentials import SERVICE, STEWARD
from curation.store import Store

#: The settings of a project that decide what people see, in which order, and what becomes of their answers, as a
#: project of ours has them; for all of these but the first two it is what Label Studio gives to a new project.
SETTINGS: Mapping[str, Any] = {
    "show_instruction": True,
    "show_collab_predictions": True,
    "show_skip_button": True,
    "enable_empty_annotation": True,
    "show_annotation_history": False,
    "maximum_annotations": 1,
    "min_annotations_to_start_training": 0,
    "sampling": "Sequential sampling",
    "show_ground_truth_first": False,
    "show_overlap_first": False,
    "overlap_cohort_percentage": 100,
    "task_data_login": None,
    "task_data_password": None,
    "evaluate_predictions_automatically": False,
    "skip_queue": "REQUEUE_FOR_OTHERS",
    "reveal_preannotations_interactively": False,
    "is_published": False,
    "is_draft": False,
}


def foreign_settings(project: Json, config: ProjectConfig, ledger: Ledger) -> Iterator[ForeignEntry]:
    """Settings, labels, instruction and shown predictions of a project that are not ours."""
    path, name = f"/api/projects/{project['id']}", shown(repr(project["title"]))
    for field, value in SETTINGS.items():
        if field in project and project[field] != value:
            # The values of a login and a password are no business of a terminal.
            found = "set" if field.startswith("task_data") else shown(project[field])
            yield ForeignEntry(
                "project setting",
                f"{field} of project {name} is {found}, ours is {value}",
                undo=partial(_change, path=path, **{field: value}),
            )
    if str(project.get("label_config") or "").strip() != config.label_config.strip():
        yield ForeignEntry(
            "project setting",
            f"the labels of project {name} are not those of the scheme",
            undo=partial(keep_project, title=project["title"], config=config),
        )
    elif (project.get("expert_instruction") or "") != config.instruction:
        yield ForeignEntry(
            "project setting",
            f"the instruction of project {name} is not that of the scheme",
            undo=partial(_change, path=path, expert_instruction=config.instruction),
        )
    version = project.get("model_version") or ""
    if version and version != BACKEND_TITLE and version not in ledger.versions():
        yield ForeignEntry(
            "project setting",
            f"project {name} shows predictions of {shown(version)}, which we did not send",
            undo=partial(_change, path=path, model_version=ledger.usual_version()),
        )


def foreign_tasks(store: Store, project: Project, ledger: Ledger) -> Iterator[ForeignEntry]:
    """Whether a project has fewer tasks than were sent to it, or more."""
    noted = store.review_events(project.key, kind="deleted")
    gone = len({event.task_id for event in noted if event.annotation_id is None})
    missing = ledger.confirmed - project.tasks
    name = shown(repr(project.title))
    if missing > 0:
        news = f", {gone} of which a pull has told" if gone else ""
        yield ForeignEntry(
            "tasks",
            f"{missing} of {ledger.confirmed} tasks of project {name} were deleted{news}",
            advice="what was pulled from them is kept; name another project in review.project to review them again",
        )
    elif missing < 0 and not ledger.begun:
        yield ForeignEntry(
            "tasks",
            f"{-missing} tasks of project {name} were not sent from here",
            advice="their answers are refused; delete them in Label Studio",
        )


def lost_projects(store: Store, titles: Collection[str], everywhere: Collection[Json]) -> Iterator[ForeignEntry]:
    """Those of our titles whose projects have another title now, or are deleted, until records are sent to another."""
    now = {_identity(Project.of(project)): project for project in everywhere}
    for title in titles:
        keys = [key for key in store.review_projects() if key.startswith(f"{title} #") and " repeat " not in key]
        sent = {key.removeprefix(title): key for key in keys}
        there = [now[identity] for identity in sent if identity in now]
        if any(project["title"] == title for project in there):
            continue
        for project in there:
            yield ForeignEntry(
                "project",
                f"{shown(repr(title))} is called {shown(repr(project['title']))}",
                undo=partial(_change, path=f"/api/projects/{project['id']}", title=title),
                at_once=True,
            )
        if sent and not there:
            tasks = sum(Ledger(store, key).confirmed for key in sent.values())
            yield ForeignEntry(
                "project",
                f"{shown(repr(title))} was deleted, with {tasks} tasks",
                advice="what was pulled from it is kept; `curate review push` makes it anew",
            )


def _identity(project: Project) -> str:
    """The part of a project's key that stays when its title changes."""
    return project.key.removeprefix(project.title)


def others_projects(found: Collection[Json], titles: Collection[str]) -> Iterator[ForeignEntry]:
    """Projects on our own server that our accounts did not make, and ours that belong to a person."""
    for project in found:
        owner = str((project.get("created_by") or {}).get("email"))
        if owner == login_of(SERVICE):
            continue
        name = shown(repr(project["title"]))
        if owner == login_of(STEWARD) or project["title"] in titles:
            yield ForeignEntry(
                "project",
                f"{name} belongs to {shown(owner)}, whose token each of its back ends gets",
                in_database=True,
            )
        else:
            yield ForeignEntry(
                "project", f"{name} was made by {shown(owner)}", advice="look at it, and delete it in Label Studio"
            )


def _change(client: Client, *, path: str, **fields: Any) -> None:
    client.call("PATCH", path, body=fields)

"""Everything in a workspace's Label Studio that is not as we made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from annotation.label_studio.api.client import Client, Json, Project
from annotation.label_studio.exchange.ledger import Ledger
from annotation.label_studio.exchange.project import ProjectConfig
from annotation.label_studio.guard.accounts import foreign_accounts, foreign_organization
from annotation.label_studio.guard.foreign_entry import ForeignEntry
from annotation.label_studio.guard.outlets import foreign_outlets
from annotation.label_studio.guard.projects import foreign_settings, foreign_tasks, lost_projects, others_projects
from annotation.label_studio.registrations import read_registrations
from annotation.label_studio.server.credentials import read_credentials
from annotation.label_studio.settings import LabelStudioSettings
from curation.store import Store


def foreign_entries(
    store: Store, client: Client, workspace: Path, settings: LabelStudioSettings, configs: Mapping[str, ProjectConfig]
) -> Iterator[ForeignEntry]:
    """What is not ours, first what texts can leave by; ``configs`` are our projects' titles and what people see there.

    On a server elsewhere, accounts, organisation and other projects are other people's, and are not looked at.
    """
    everywhere, noted = client.projects(), read_registrations(workspace)
    # The oldest of a title is ours, as for all other commands.
    oldest = {project["title"]: project for project in sorted(everywhere, key=_number, reverse=True)}
    ours = [oldest[title] for title in configs if title in oldest]
    ledgers = {_number(project): Ledger(store, Project.of(project).key) for project in ours}
    yield from foreign_outlets(client, settings, noted, ledgers, workspace)
    yield from lost_projects(store, configs, everywhere)
    for project in ours:
        ledger = ledgers[_number(project)]
        yield from foreign_settings(project, configs[project["title"]], ledger)
        yield from foreign_tasks(store, Project.of(project), ledger)
    credentials = read_credentials(workspace / "label-studio" / "secrets.json") if settings.url is None else None
    if credentials is not None:
        yield from others_projects(everywhere, configs)
        yield from foreign_accounts(client, credentials, noted)
        yield from foreign_organization(client)


def _number(project: Json) -> int:
    return int(project["id"])

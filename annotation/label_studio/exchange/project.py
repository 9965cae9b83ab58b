"""The project that people work in: made once, its label config kept in step with the scheme."""

from __future__ import annotations

from dataclasses import dataclass

from annotation.label_studio.api.client import Client, Project
from annotation.label_studio.editor.config_values import config_values
from annotation.label_studio.editor.label_config import guideline, label_config
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ReviewError
from curation.scheme import Scheme


@dataclass(frozen=True, slots=True)
class ProjectConfig:
    """What people see in a project: its label config as XML, and its instruction as HTML."""

    label_config: str
    instruction: str


def project_config(scheme: Scheme, settings: LabelStudioSettings) -> ProjectConfig:
    """What people see in the project of the settings' title."""
    return ProjectConfig(
        label_config(scheme, language=settings.language, variant=settings.variant),
        guideline(scheme, language=settings.language),
    )


def ensure_project(client: Client, scheme: Scheme, settings: LabelStudioSettings) -> Project:
    """The project of the settings' title with the scheme's label config, made if there is none."""
    return keep_project(client, settings.project, project_config(scheme, settings))


def keep_project(client: Client, title: str, config: ProjectConfig) -> Project:
    """The project of the title with a label config and an instruction, made if there is none.

    Raises ReviewError when the new config lacks a value that people have used, with the value and its count: Label
    Studio itself accepts such a config and leaves annotations that cannot be opened. Unused values may be removed.
    """
    found = client.find_project(title)
    if found is None:
        return client.create_project(title, config.label_config, config.instruction)
    if found.label_config.strip() == config.label_config.strip():
        return found
    if removed := config_values(found.label_config) - config_values(config.label_config):
        used = client.used_values(found.id)
        if lost := [f"{value} (used {used[value]} times)" for value in sorted(removed) if used.get(value)]:
            raise ReviewError(
                f"expected a scheme and a variant that still have all that people used in project {title!r}, but "
                f"{', '.join(lost)} would be lost to {found.annotations} annotations; "
                "keep them in the scheme, or name another project in review.project"
            )
    client.update_project(found.id, label_config=config.label_config, expert_instruction=config.instruction)
    return client.project(found.id)

"""The project that people work in: made once, its label config kept in step with the scheme."""

from __future__ import annotations

from annotation.label_studio.api.client import Client, Project
from annotation.label_studio.editor.config_values import config_values
from annotation.label_studio.editor.label_config import guideline, label_config
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ReviewError
from curation.scheme import Scheme


def ensure_project(client: Client, scheme: Scheme, settings: LabelStudioSettings) -> Project:
    """The project of the settings' title with the scheme's label config, made if there is none."""
    return keep_project(
        client,
        settings.project,
        label_config(scheme, language=settings.language, variant=settings.variant),
        guideline(scheme, language=settings.language),
    )


def keep_project(client: Client, title: str, wanted: str, instruction: str) -> Project:
    """The project of the title with a label config and an instruction, made if there is none.

    Raises ReviewError when the new config lacks something that people have used, and says what and how often:
    Label Studio itself would take it without a word and leave annotations that cannot be opened. What nobody
    has used may go.
    """
    found = client.find_project(title)
    if found is None:
        return client.create_project(title, wanted, instruction)
    if found.label_config.strip() == wanted.strip():
        return found
    if gone := config_values(found.label_config) - config_values(wanted):
        used = client.used_values(found.id)
        if lost := [f"{value} (used {used[value]} times)" for value in sorted(gone) if used.get(value)]:
            raise ReviewError(
                f"expected a scheme and a variant that still have all that people used in project {title!r}, but "
                f"{', '.join(lost)} would be lost to {found.annotations} annotations; "
                "keep them in the scheme, or name another project in review.project"
            )
    client.update_project(found.id, label_config=wanted, expert_instruction=instruction)
    return client.project(found.id)

"""A database with Label Studio's migrations and nothing else: copying it spares each workspace half a minute.

It holds no account and no key: those are made in each workspace.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from annotation.label_studio.server.environment import executable
from annotation.label_studio.server.environment_variables import server_variables
from annotation.label_studio.settings import LabelStudioSettings
from curation.atomic_file import replaced
from curation.errors import ReviewError
from curation.process_lock import process_lock

#: What Label Studio calls its database file.
DATABASE = "label_studio.sqlite3"


def ensure_database(
    data: Path, environment: Path, settings: LabelStudioSettings, report: Callable[[str], None]
) -> None:
    """The data folder has a migrated SQLite database, copied from the template unless it is there already."""
    target = data / DATABASE
    # A read-only environment without a template cannot get one: then the server migrates.
    shared = not os.access(environment, os.W_OK) and not _template_path(environment, settings).is_file()
    if settings.database is not None or target.exists() or shared:
        return
    template = _template(environment, settings, report)
    with replaced(target) as unfinished:
        unfinished.touch(mode=0o600)
        shutil.copyfile(template, unfinished)


def _template(environment: Path, settings: LabelStudioSettings, report: Callable[[str], None]) -> Path:
    template = _template_path(environment, settings)
    if template.is_file():
        return template
    with process_lock(template.with_suffix(".lock")):
        if not template.is_file():
            report("Preparing Label Studio's database (once; about half a minute)")
            _migrate(template, environment, settings)
    return template


def _template_path(environment: Path, settings: LabelStudioSettings) -> Path:
    return environment / f"clincurate-{settings.version}.sqlite3"


def _migrate(template: Path, environment: Path, settings: LabelStudioSettings) -> None:
    with replaced(template) as unfinished:
        folder = unfinished.parent
        # Every command of label-studio migrates first; `version` then only prints.
        done = subprocess.run(
            [str(executable(environment, "label-studio")), "version"],
            env=server_variables(folder, settings),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        made = folder / DATABASE
        if done.returncode or not made.is_file():
            tail = " | ".join(done.stderr.strip().splitlines()[-3:])
            raise ReviewError(f"expected Label Studio to prepare its database, got: {tail}")
        made.replace(unfinished)

"""Label Studio's own virtual environment, made once and shared by all workspaces.

It pins old versions of libraries that we need newer, so it never shares an interpreter with us.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from annotation.label_studio.settings import LabelStudioSettings
from curation.cache_folder import cache_folder
from curation.errors import ReviewError
from curation.process_lock import process_lock

#: The versions that were measured together.
CONSTRAINTS = Path(__file__).with_name("label-studio.txt")

#: Names the environment's folder for all workspaces, for tests and shared machines.
VARIABLE = "CLINCURATE_LABEL_STUDIO_ENV"

#: Written last: an environment without it was not finished.
MARKER = "clincurate-ready"

Report = Callable[[str], None]


def environment_path(settings: LabelStudioSettings) -> Path:
    """The folder of the environment, whether it exists or not."""
    if settings.environment:
        return settings.environment.expanduser().resolve()
    if named := os.environ.get(VARIABLE):
        return Path(named).expanduser().resolve()
    return cache_folder() / f"label-studio-{settings.version}"


def executable(environment: Path, name: str) -> Path:
    """A program of the environment."""
    windows = sys.platform == "win32"
    return environment / ("Scripts" if windows else "bin") / (f"{name}.exe" if windows else name)


def is_ready(environment: Path, version: str) -> bool:
    """Whether the environment is finished and of the version; one that a person made counts too."""
    marker = environment / MARKER
    if marker.is_file():
        return marker.read_text(encoding="utf-8").strip() == version
    return executable(environment, "label-studio").is_file() and _installed_version(environment) == version


def ensure_environment(settings: LabelStudioSettings, *, report: Report = lambda line: None) -> Path:
    """The environment's folder, installed if need be (about two minutes and 1 GB, once).

    It is made in place, because a virtual environment cannot be moved, and counts only with its
    marker; a half-made one is cleared and made again. Raises ReviewError when it cannot be made.
    """
    environment = environment_path(settings)
    if is_ready(environment, settings.version):
        return environment
    environment.parent.mkdir(parents=True, exist_ok=True)
    with process_lock(environment.with_name(environment.name + ".lock")):
        if not is_ready(environment, settings.version):
            _refuse_foreign(environment)
            _install(environment, settings, report)
    return environment


def _refuse_foreign(environment: Path) -> None:
    if environment.exists() and any(environment.iterdir()) and not (environment / "pyvenv.cfg").is_file():
        raise ReviewError(
            f"expected an empty folder or a virtual environment for Label Studio at {environment}, got a "
            "folder with other files; name another one in review.environment"
        )


def _install(environment: Path, settings: LabelStudioSettings, report: Report) -> None:
    shutil.rmtree(environment, ignore_errors=True)
    environment.parent.mkdir(parents=True, exist_ok=True)
    python = settings.python or sys.executable
    report(f"Making a virtual environment for Label Studio {settings.version} in {environment}")
    _run(
        [python, "-m", "venv", str(environment)],
        "a virtual environment",
        "install Python's venv module (python3-venv)",
    )
    report("Installing Label Studio (once; about two minutes)")
    pip = [
        str(executable(environment, "python")),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--quiet",
    ]
    pinned = ["-c", str(CONSTRAINTS)] if _is_pinned(settings.version) else []
    _run(
        [*pip, *pinned, f"label-studio=={settings.version}"],
        f"Label Studio {settings.version} from the package index",
        "check the network or the index (pip config list) or name a finished environment: review.environment",
    )
    (environment / MARKER).write_text(settings.version + "\n", encoding="utf-8")
    report("Label Studio is installed")


def _is_pinned(version: str) -> bool:
    return f"label-studio=={version}" in CONSTRAINTS.read_text(encoding="utf-8").split()


def _run(command: Sequence[str], what: str, advice: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ReviewError(f"expected to install {what}, but {command[0]} could not be run: {error}") from error
    if done.returncode:
        tail = " | ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise ReviewError(f"expected to install {what}, got: {tail}; {advice}")


def _installed_version(environment: Path) -> str | None:
    for found in environment.glob("[Ll]ib*/**/site-packages/label_studio-*.dist-info"):
        return found.name.removeprefix("label_studio-").removesuffix(".dist-info")
    return None

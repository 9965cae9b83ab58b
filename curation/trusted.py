"""What the user of this machine allows workspaces to name: workspaces, folders, and hosts of other machines.

It is kept in the user's folder of settings, so that no workspace brings its own permission. A workspace that was made
here is known by its folder and by a random mark in it: another one that is put into its place is not.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError

from curation.atomic_file import write_private
from curation.cache_folder import config_folder
from curation.errors import ConfigError
from curation.private_files import made_private
from curation.record import Frozen, digest

#: The file of a workspace that holds its mark.
MARK = ".clincurate"
FILE = "trusted.json"

ShapeT = TypeVar("ShapeT", bound=Frozen)


class TrustedWorkspace(Frozen):
    """A workspace that was made or allowed here, and what it may name outside of itself."""

    folder: str
    mark: str
    #: Absolute paths, hosts and addresses, as `pipeline.foreign` writes them.
    names: tuple[str, ...] = ()


class Trusted(Frozen):
    """Folders and hosts that every workspace may name."""

    folders: tuple[str, ...] = Field((), description="Absolute paths.")
    hosts: tuple[str, ...] = Field((), description="Names or addresses of machines, in lower case.")


def trusted() -> Trusted:
    """The folders and hosts that are allowed. Raises ConfigError where the file is not the user's alone."""
    return _read(config_folder() / FILE, Trusted) or Trusted()


def keep_trusted(kept: Trusted) -> None:
    """Write down which folders and hosts are allowed, for the user alone."""
    made_private(config_folder())
    write_private(config_folder() / FILE, kept.model_dump_json(indent=1) + "\n")


def allows_path(path: Path) -> bool:
    """Whether a path, its links followed, is in a folder that was allowed."""
    return any(path.resolve().is_relative_to(folder) for folder in trusted().folders)


def known_workspace(folder: Path) -> TrustedWorkspace | None:
    """What is noted of a workspace; None for one from elsewhere."""
    noted = _read(_note(folder), TrustedWorkspace)
    try:
        mark = (folder / MARK).read_bytes() if noted else b""
    except OSError:
        return None
    return noted if noted and secrets.compare_digest(mark.strip(), noted.mark.encode()) else None


def known_workspaces() -> list[TrustedWorkspace]:
    """All workspaces that were made or allowed here and are still there, by their folder."""
    noted = [_read(path, TrustedWorkspace) for path in _notes().glob("*.json")]
    known = [found for found in noted if found and known_workspace(Path(found.folder))]
    return sorted(known, key=lambda workspace: workspace.folder)


def know_workspace(folder: Path, names: Iterable[str] = ()) -> TrustedWorkspace:
    """The note of a workspace that its user made, or has looked at: it may name these from now on."""
    noted = TrustedWorkspace(
        folder=str(folder.resolve()), mark=secrets.token_hex(16), names=tuple(sorted(dict.fromkeys(names)))
    )
    write_private(folder / MARK, noted.mark + "\n")
    made_private(_notes())
    write_private(_note(folder), noted.model_dump_json(indent=1) + "\n")
    return noted


def forget_workspace(folder: Path) -> bool:
    """Whether the workspace was known; from now on it counts as one from elsewhere."""
    note = _note(folder)
    was_known = note.is_file()
    note.unlink(missing_ok=True)
    return was_known


def _notes() -> Path:
    return config_folder() / "workspaces"


def _note(folder: Path) -> Path:
    return _notes() / f"{digest(str(folder.resolve()), length=32)}.json"


def _read(path: Path, shape: type[ShapeT]) -> ShapeT | None:
    """What a file holds, None where none may be read.

    Raises ConfigError where others may write it, or it does not fit.
    """
    try:
        with path.open(encoding="utf-8") as file:
            found = os.fstat(file.fileno())
            content = file.read()
    except (FileNotFoundError, PermissionError):
        # In the settings of somebody else, as after `sudo`: then nothing is allowed.
        return None
    if os.name == "posix" and (found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022):
        raise ConfigError(f"{path}: expected a file that you alone can change; look at it, then chmod 600 {path}")
    try:
        return shape.model_validate_json(content)
    except ValidationError as error:
        raise ConfigError(
            f"{path}: expected what `curate trust` writes, got something else; remove the file and allow again"
        ) from error

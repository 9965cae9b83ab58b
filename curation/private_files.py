"""Files and folders that only their owner can read, whatever the umask."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: The umask of a command and of what it starts: nothing for the group, nothing for all others.
UMASK = 0o077


def made_private(folder: Path) -> Path:
    """The folder; it and those above it are made closed to all other users where they are missing."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def private_folder(folder: Path) -> Path:
    """The folder, made if there is none, closed to all other users of the machine."""
    made_private(folder).chmod(0o700)
    return folder


def begin_private(path: Path) -> None:
    """An empty file that its owner alone can read, unless there is a file: for a library that fills it."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return


def close_to_others(path: Path) -> None:
    """Takes all rights on a file or folder from all but its owner."""
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~UMASK)


def is_wide(path: Path) -> bool:
    """Whether others than its owner may read, write or enter; a link has no permissions of its own."""
    return os.name == "posix" and not path.is_symlink() and bool(stat.S_IMODE(path.stat().st_mode) & UMASK)

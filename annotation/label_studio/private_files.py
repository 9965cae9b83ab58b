"""Files and folders that only their owner can read."""

from __future__ import annotations

from pathlib import Path

from curation.atomic_file import replaced


def private_folder(folder: Path) -> Path:
    """The folder, made if there is none, closed to all other users of the machine."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write_private(path: Path, content: str) -> None:
    """A file that its owner alone can read, whole or not at all."""
    with replaced(path) as unfinished:
        unfinished.touch(mode=0o600)
        unfinished.write_text(content, encoding="utf-8")

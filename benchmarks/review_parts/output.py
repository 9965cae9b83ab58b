"""Where parts write pictures and other files: the folder that `--out` names, or nowhere."""

from __future__ import annotations

from pathlib import Path

_chosen: list[Path] = []


def write_to(folder: Path) -> None:
    """From now on, parts write into the folder."""
    _chosen[:] = [folder]


def output_folder() -> Path | None:
    """The folder for files, if one was named."""
    return _chosen[0] if _chosen else None

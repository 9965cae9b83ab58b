"""What may be read of a source: regular files of the folder that was named, nothing that a link leads out to."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from curation.sources.reading import Lost, Notice, Problem

#: Folders inside each other, counted from the one that was named.
DEEPEST = 64
#: What a file that is no regular one is called.
KINDS = {
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def entries(folder: Path) -> Iterator[Path | Problem | Notice]:
    """The regular files in a folder and below, in order of their names, and what is said of all else.

    Hidden files and folders are left out. No link to a folder is followed, so there is no way round in a circle.
    """
    yield from _entries(folder, folder.resolve(), 0)


def _entries(folder: Path, root: Path, depth: int) -> Iterator[Path | Problem | Notice]:
    try:
        with os.scandir(folder) as scanned:
            names = sorted(entry.name for entry in scanned if not entry.name.startswith("."))
    except OSError as error:
        yield Problem(str(folder), f"cannot be read: {error.strerror or type(error).__name__}", Lost.FILE)
        return
    inner: list[Path] = []
    for path in (folder / name for name in names):
        if path.is_dir() and not path.is_symlink():
            inner.append(path)
        elif why := irregular(path, root):
            yield Problem(str(path), why, Lost.FILE)
        elif path.is_dir():
            yield Notice(str(path), "a link to a folder of this source, which is read where it is")
        else:
            yield path
    if inner and depth == DEEPEST:
        what = f"expected at most {DEEPEST} folders inside each other, got more: what is in its folders was not read"
        yield Problem(str(folder), what, Lost.FILE)
        return
    for path in inner:
        yield from _entries(path, root, depth + 1)


def irregular(path: Path, root: Path) -> str:
    """Why a file is not to be read as a part of a source, "" where it may be, or where there is none.

    root: the folder that was named, or that the file which was named is in, without links.
    """
    is_link = path.is_symlink()
    if is_link and not os.path.exists(path):
        return "expected a file, got a link to nothing"
    if is_link and not Path(os.path.realpath(path)).is_relative_to(root):
        return "expected a file inside the named folder, got a link that leads out of it; put the file itself there"
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if stat.S_ISREG(mode) or (is_link and stat.S_ISDIR(mode)):
        return ""
    return f"expected a regular file, got {kind_of(mode)}"


def kind_of(mode: int) -> str:
    """What a file of this mode is, for people."""
    return KINDS.get(stat.S_IFMT(mode), "something else")

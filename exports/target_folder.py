"""The folder that an export goes to: what of it an earlier export wrote, and what files of others are in the way."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from curation.errors import UsageError
from curation.sets.layer_set import UNREVIEWED
from curation.sets.split import SPLITS
from curation.sources.own_folder import exported_files

#: So many files are named in an error.
NAMED = 3
#: What names of files begin with that stand for a split of a set.
EVERY_SPLIT = (*SPLITS, UNREVIEWED)
#: What file browsers leave in a folder that somebody has looked at: nobody's.
LEFT_BY_BROWSERS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def require_folder(to: Path) -> None:
    """Raises UsageError where a path can be no folder: it, or one above it, is a file, or a link that leads nowhere."""
    for path in (to, *to.absolute().parents):
        if path.is_dir():
            return
        if path.exists() or path.is_symlink():
            what = "a file" if path.exists() else "a link that leads nowhere"
            raise UsageError(f"expected a folder to write with --to, {path} is {what}")


def require_free(to: Path, names: Collection[str]) -> None:
    """Raises UsageError where files of others stand in a folder in which an export will have entries of these names."""
    found = list(islice(_in_the_way(to, names), NAMED + 1))
    if found:
        more = " and more" if len(found) > NAMED else ""
        raise UsageError(
            f"expected a folder that is empty or holds an earlier export, got files that no export wrote in {to}: "
            f"{', '.join(found[:NAMED])}{more}; nothing was written. Write to another folder with --to, or remove them"
        )


def earlier_entries(to: Path) -> set[str]:
    """The files and folders that an earlier export has in a folder."""
    # A marker may name what is outside the folder.
    return {entry.name for entry in _visible(to)} & {_entry(name) for name in exported_files(to)}


def _in_the_way(to: Path, names: Collection[str]) -> Iterator[str]:
    """The files of others that an export would replace, or that would be read as part of it or of an earlier one."""
    earlier = exported_files(to)
    ours = {*names, *map(_entry, earlier)}
    for entry in _visible(to):
        if not earlier or entry.name in ours or _is_of_a_split(entry.name):
            yield from (name for name in _files(to, entry) if name not in earlier)


def _entry(name: str) -> str:
    return name.partition("/")[0]


def _is_of_a_split(name: str) -> bool:
    """Whether a name reads as that of a split's file: tools that open the folder take it for one."""
    return name.startswith(tuple(f"{split}{sign}" for split in EVERY_SPLIT for sign in ".-")) or name in EVERY_SPLIT


def _visible(folder: Path) -> Sequence[Path]:
    """The entries of a folder, in order, but what browsers left; none begins with a dot, as no export's does."""
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.name[0] != "." and path.name not in LEFT_BY_BROWSERS)


def _files(folder: Path, entry: Path) -> Iterator[str]:
    """A file, or all files beneath a folder, as paths in the folder above, but what browsers left."""
    if entry.is_symlink() or not entry.is_dir():
        yield entry.name
        return
    for parent, folders, names in os.walk(entry):
        folders.sort()
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        kept = sorted({*names, *links} - LEFT_BY_BROWSERS)
        yield from ((Path(parent) / name).relative_to(folder).as_posix() for name in kept)

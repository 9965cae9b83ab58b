"""What a push changes of a data set on a hub: files that are new, other, the same, or no longer in the export."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from curation.errors import UsageError

#: Files that a hub puts into an empty data set itself.
BY_THE_HUB = frozenset({".gitattributes", "README.md"})
#: So many files are named in an error.
NAMED = 5


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a data set on a hub: its SHA-256 where it is kept beside the repository, else its id in git."""

    size: int
    git_id: str
    sha256: str | None = None

    def holds(self, path: Path) -> bool:
        """Whether a file here has the same content."""
        if path.stat().st_size != self.size:
            return False
        if self.sha256 is None:
            return _git_id(path) == self.git_id
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class HubChanges:
    """Paths in the data set, in order."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    same: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether the data set holds the export as it is."""
        return not (self.added or self.replaced or self.removed)

    @property
    def sent(self) -> tuple[str, ...]:
        """The files that go out."""
        return (*self.added, *self.replaced)


def hub_changes(
    folder: Path, files: Collection[str], there: Mapping[str, HubFile], earlier: Collection[str] | None
) -> HubChanges:
    """What makes a data set hold the files of an export. earlier: those of the export that is in it; None for none.

    Raises UsageError where files of others are in it that would be read as part of the export, or would be replaced.
    """
    foreign = there.keys() - (BY_THE_HUB if earlier is None else {*BY_THE_HUB, *earlier})
    folders = {name.partition("/")[0] for name in files if "/" in name}
    in_the_way = [name for name in foreign if earlier is None or name.partition("/")[0] in folders or name in files]
    if in_the_way:
        named = ", ".join(sorted(in_the_way)[:NAMED])
        raise UsageError(
            f"expected a data set that is empty or holds an export of clincurate alone, got one with {len(in_the_way)} "
            f"other files where the export goes ({named}); remove them there, or push to another name"
        )
    same = {name for name in files if name in there and there[name].holds(folder / name)}
    return HubChanges(
        added=tuple(sorted(set(files) - there.keys())),
        replaced=tuple(sorted((set(files) & there.keys()) - same)),
        removed=tuple(sorted((there.keys() & set(earlier or ())) - set(files))),
        same=tuple(sorted(same)),
    )


def _git_id(path: Path) -> str:
    """The id that git has for a content."""
    found = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()

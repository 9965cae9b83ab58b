"""A disk that is full or read-only: one line, nothing torn, and the same command goes on when there is room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from commands import curate

from fault_parts.store_contents import contents, difference
from fault_parts.trial import Trial
from fault_parts.workspaces import IMPORT, WORD, store_url, within, workspace

FREEZE = ("freeze", "--layer", "rules", "--verdict", "accepted", "--verdict", "needs_review")
EXPORT = ("export", "hf", "--to", "out")
#: In the order of the work.
STEPS: Sequence[Sequence[str]] = (
    IMPORT,
    ("annotate", "--with", "rules"),
    ("validate",),
    FREEZE,
    EXPORT,
    ("records", "delete", "p1", "--force", "--reason", "asked", "--by", "ruth"),
)
#: Kilobytes that are left.
LEFT = (0, 40, 200, 700)


@dataclass
class SmallDisk:
    """A file system in memory, of a few megabytes, that can be filled and made read-only."""

    folder: Path

    def fill(self, left: int) -> None:
        """Leave so many kilobytes."""
        stat = subprocess.run(["df", "-k", "--output=avail", self.folder], capture_output=True, text=True, check=True)
        free = int(stat.stdout.split()[-1])
        with (self.folder / "filler").open("wb") as file:
            file.write(bytes(max(0, free - left) * 1024))

    def empty(self) -> None:
        """All room again."""
        (self.folder / "filler").unlink()

    def remount(self, mode: str) -> None:
        """Read-only (ro) or writable (rw)."""
        subprocess.run(["mount", "-o", f"remount,{mode}", self.folder], check=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk | None]:
    """The disk, None where this user may not mount one."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", folder], capture_output=True).returncode:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", folder], check=True)


def trials(folder: Path, quick: bool) -> Iterator[Trial]:
    """Each command on a full disk and on a read-only one, then again with room."""
    with small_disk(folder / "disk") as disk:
        if disk is None:
            yield Trial("a full disk", not_measured="this user may not mount a small file system")
            return
        count = 60 if quick else 700
        calm, small = (workspace(place / "w", None, count) for place in (folder, disk.folder))
        for words in STEPS[:1] if quick else STEPS:
            curate(*within(calm, words))
            # A deletion that has only its last part to do is no longer begun with the record's name.
            left = (0, 40) if quick else LEFT[:1] if words[0] == "records" else LEFT
            yield _trial(disk, calm, small, words, left)


def _trial(disk: SmallDisk, calm: Path, small: Path, words: Sequence[str], left: Sequence[int]) -> Trial:
    disk.remount("ro")
    ended = [curate(*within(small, words))]
    disk.remount("rw")
    for kilobytes in left:
        if ended[-1].returncode:
            disk.fill(kilobytes)
            ended.append(curate(*within(small, words)))
            disk.empty()
    if ended[-1].returncode:
        ended.append(curate(*within(small, words)))
    untold = sum(
        run.returncode not in (0, 1) or (run.returncode == 1 and run.stderr.count("error: ") != 1) for run in ended
    )
    found = difference(contents(store_url(calm)), contents(store_url(small)))
    return Trial(
        f"a full disk and a read-only one under {words[0]}",
        tried=len(ended),
        lost=found.lost,
        doubled=found.doubled,
        unequal=found.unequal + untold + (ended[-1].returncode != 0) + (_files(calm) != _files(small)),
        tracebacks=sum("Traceback" in run.stderr or WORD in run.stderr for run in ended),
    )


def _files(folder: Path) -> dict[str, str]:
    """The exported data by their hashes."""
    found = sorted((folder / "out").rglob("*.parquet"))
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in found}

"""Files and folders that are there whole or not at all, for their owner alone.

What is new is written into a folder of its own beside the place, named so that the next writer finds what a killed one
has left. Once complete, that folder is renamed `ready`: from then on the new can always be put in place, also later.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from curation.private_files import close_to_others, made_private

#: Called with a line for people about what a killed writer had left.
Tell = Callable[[str], None]

#: In the folder of a writer: what it writes, the same once it is complete, and what it has taken away.
NEW, READY, OLD = "new", "ready", "old"
#: In the name of such a folder, and before it where nothing is ever put in place.
MARK = "unfinished-"
PASSING = ".passing-"


def _no_one(line: str) -> None:
    """Says nothing."""


@contextmanager
def replaced(path: Path, *, tell: Tell = _no_one) -> Iterator[Path]:
    """A path to write a file or a folder at, which takes the place of ``path`` when the block ends without an error.

    It is on the same file system, in a folder that its owner alone can read, and is removed after an error.
    A new folder takes the place of an old one; one that another process puts there meanwhile stays. A link stays one,
    and what is neither file nor folder, such as /dev/stdout, is written to as it is.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    path = path.resolve() if path.is_symlink() else path
    with _written(path.parent, f".{path.name}.", tell=tell) as folder:
        yield folder / path.name


@contextmanager
def refilled(
    folder: Path, *, also_goes: Callable[[Collection[str]], Collection[str]] = lambda names: (), tell: Tell = _no_one
) -> Iterator[Path]:
    """An empty folder to write in, whose entries take the place of those of ``folder`` when the block ends without an
    error; before that, ``folder`` stays as it was. What else is in it stays, but for what ``also_goes`` gives for the
    names that were written.
    """
    is_new = not folder.exists()
    made_private(folder)
    try:
        with _written(folder, ".", also_goes=also_goes, tell=tell) as inside:
            yield inside
    except BaseException:
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def passing(folder: Path, *, tell: Tell = _no_one) -> Iterator[Path]:
    """An empty folder in ``folder``, for its owner alone, which is gone when the block ends; so is what a killed one
    had left.
    """
    made_private(folder)
    _clear_up(folder, PASSING, tell)
    own, lock = _own_folder(folder, PASSING)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(lock)


def write_private(path: Path, content: str) -> None:
    """A file that its owner alone can read, whole or not at all."""
    with replaced(path) as unfinished:
        unfinished.write_text(content, encoding="utf-8")


@contextmanager
def _written(
    folder: Path, prefix: str, *, also_goes: Callable[[Collection[str]], Collection[str]] = lambda names: (), tell: Tell
) -> Iterator[Path]:
    _clear_up(folder, prefix, tell)
    own, lock = _own_folder(folder, prefix)
    try:
        (own / NEW).mkdir(mode=0o700)
        yield own / NEW
        for path in sorted((own / NEW).rglob("*")):
            if not path.is_symlink():
                close_to_others(path)
                _sync(path)
        names = {entry.name for entry in (own / NEW).iterdir()}
        (own / NEW).rename(own / READY)
        _put_in_place(own, folder, set(also_goes(names)) - names)
        _sync(folder)
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(lock)


def _put_in_place(own: Path, folder: Path, leaving: Collection[str] = ()) -> None:
    """The complete entries into the folder, in place of those of the same names, and some others out of it.

    After an error all of the old ones are there again.
    """
    (own / OLD).mkdir(exist_ok=True)
    old = Path(tempfile.mkdtemp(dir=own / OLD))
    try:
        for name in sorted(leaving):
            _take_away(folder / name, old / name)
        for entry in sorted((own / READY).iterdir()):
            _exchange(entry, folder / entry.name, old / entry.name)
    except BaseException:
        for entry in old.iterdir():
            _restore(entry, folder / entry.name, own)
        raise


def _exchange(entry: Path, target: Path, old: Path) -> None:
    if not entry.is_dir() and not target.is_dir():
        # Files change places in one step, so that there is one at any moment; the old one is kept by another name.
        with suppress(OSError):
            old.hardlink_to(target)
        entry.replace(target)
        return
    _take_away(target, old)
    try:
        entry.rename(target)
    except OSError:
        # One that another process has put there meanwhile is whole as well, and stays.
        if not target.exists():
            raise


def _take_away(path: Path, to: Path) -> None:
    if path.exists() or path.is_symlink():
        shutil.move(path, to)


def _restore(entry: Path, target: Path, own: Path) -> None:
    if target.is_dir():
        shutil.move(target, Path(tempfile.mkdtemp(dir=own)) / target.name)
    entry.replace(target)


def _clear_up(folder: Path, prefix: str, tell: Tell) -> None:
    """What killed writers have left: the complete is put in place, the rest is removed."""
    for own in sorted(folder.glob(f"{glob.escape(prefix)}{MARK}*")):
        lock = _locked(own)
        if lock is None:
            continue  # its writer is at work
        try:
            if (own / READY).is_dir():
                _put_in_place(own, folder)
            shutil.rmtree(own, ignore_errors=True)
            tell(f"{folder}: removed unfinished files that an earlier command had left when it was killed")
        finally:
            os.close(lock)


def _own_folder(folder: Path, prefix: str) -> tuple[Path, int]:
    """A folder that no other writer takes for a dead one's, and the lock that says so."""
    while True:
        own = Path(tempfile.mkdtemp(dir=folder, prefix=prefix + MARK))
        lock = _locked(own)
        if lock is not None and own.is_dir():
            return own, lock


def _locked(own: Path) -> int | None:
    """An open lock on a folder, which the system releases when its holder ends; None where another has it."""
    try:
        lock = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


def _sync(path: Path) -> None:
    """Have the disk hold what was written."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)

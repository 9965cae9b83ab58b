"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write a file or a folder at, which takes the place of ``path`` when the block ends without an error.

    It is on the same file system, in a folder that its owner alone can read, and is removed after an error.
    A new folder takes the place of an old one; one that another process puts there meanwhile stays.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        unfinished = Path(folder) / path.name
        yield unfinished
        if unfinished.is_dir():
            shutil.rmtree(path, ignore_errors=True)
            with suppress(OSError):
                unfinished.replace(path)
        else:
            unfinished.replace(path)

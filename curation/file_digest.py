"""The content of files, as a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

#: Bytes that are read at a time.
BLOCK = 1 << 20
#: Blocks of a large file that stand for all of it, and how long each is.
SAMPLED, SAMPLE = 64, 1 << 16


def file_digest(*files: Path) -> str:
    """The hexadecimal SHA-256 of some files' content, in this order, shortened."""
    content = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                content.update(block)
    return content.hexdigest()[:16]


def sampled_digest(folder: Path, names: Iterable[str]) -> str:
    """The hexadecimal SHA-256 of some files of a folder, shortened: names and sizes, small files whole, of large ones
    blocks at even distances (reading all of a model takes seconds)."""
    content = hashlib.sha256()
    for name in sorted(names):
        size = (folder / name).stat().st_size
        content.update(f"{name}\0{size}\0".encode())
        step = max(SAMPLE, size // SAMPLED)
        with (folder / name).open("rb") as stream:
            for start in (*range(0, size, step), max(0, size - SAMPLE)):
                stream.seek(start)
                content.update(stream.read(SAMPLE))
    return content.hexdigest()[:16]

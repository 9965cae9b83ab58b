"""Records from plain text files: one file, one record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from curation.sources.draft import Draft
from curation.sources.file_draft import file_draft
from curation.sources.lines import read_whole
from curation.sources.reading import Problem, ReadingContext


def read_text(path: Path, reading: ReadingContext) -> Iterator[Draft | Problem]:
    """One draft: the whole file, with its name (less the ending) as the source's id."""
    text = read_whole(path, reading)
    if isinstance(text, Problem):
        yield text
        return
    yield file_draft(f"{path}:1", text, path, reading)

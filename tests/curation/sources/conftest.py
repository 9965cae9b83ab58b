"""Reading a source in tests: what came in, and what did not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from curation.record import Layer, Record, check_layer
from curation.sources import Notice, Problem, Read, read


class Outcome:
    """The records, layers and problems of a source, each layer checked against its record."""

    def __init__(self, things) -> None:
        self.records: list[Record] = []
        self.layers: list[Layer] = []
        self.problems: list[Problem] = []
        self.notices: list[Notice] = []
        self.reads: list[Read] = []
        self.realigned = 0
        for thing in things:
            if isinstance(thing, Read):
                self.reads.append(thing)
                self.records.append(thing.record)
                self.layers += [check_layer(thing.record, layer) for layer in thing.layers]
                self.realigned += thing.realigned
            elif isinstance(thing, Notice):
                self.notices.append(thing)
            else:
                self.problems.append(thing)

    @property
    def texts(self) -> list[str]:
        return [record.text for record in self.records]

    @property
    def said(self) -> list[str]:
        """The problems as lines, with the file's name instead of its path."""
        return [_line(problem) for problem in self.problems]

    @property
    def noticed(self) -> list[str]:
        """The notices as lines, with the file's name instead of its path."""
        return [_line(notice) for notice in self.notices]

    @property
    def entities(self) -> list[tuple[str, str, tuple]]:
        return [(entity.category, entity.text, entity.spans) for layer in self.layers for entity in layer.entities]

    @property
    def relations(self) -> list[tuple[str, str, str]]:
        return [(one.type, one.head, one.tail) for layer in self.layers for one in layer.relations]


def _line(found: Problem | Notice) -> str:
    folder = f"{Path(found.where).parent}/"
    return f"{found.where.removeprefix(folder)}: {found.what.replace(folder, '')}"


@pytest.fixture(scope="session")
def outcome() -> Callable[..., Outcome]:
    """Reads a source to its end."""
    return lambda source, **options: Outcome(read(source, **options))


@pytest.fixture
def written(tmp_path) -> Callable[..., Path]:
    """Writes a file as it is given, bytes or text."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write

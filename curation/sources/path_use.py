"""Which of a mapping's paths and columns fitted anything in a source; those that never did are problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation.sources.mapping import Column, ImportMapping
from curation.sources.paths import EVERY, MISSING, dig, walk
from curation.sources.reading import Lost, Problem, shown

#: So many names of fields are shown.
SHOWN = 20


@dataclass(slots=True)
class _Use:
    """How far a path led, and what there was where it ended."""

    depth: int = -1
    fits: bool = False
    fields: tuple[str, ...] = ()


@dataclass(slots=True)
class PathUse:
    """The paths of one mapping over all rows of a source."""

    where: str = ""
    rows: int = 0
    found: bool = False
    paths: dict[str, _Use] = field(default_factory=dict)

    def note(self, where: str, values: Mapping[str, Any], mapping: ImportMapping, given: Mapping[str, Column]) -> None:
        """Follows the paths that have not fitted yet into a row. given: the columns that the user named."""
        if not self.rows:
            self.where = where
            self.paths = {path: _Use() for path in (*_paths(mapping), *_columns(given))}
        self.rows += 1
        for path, use in self.paths.items():
            if not use.fits:
                self._follow(path, use, values)

    def unfitting(self) -> Iterator[Problem]:
        """A problem for each path that led to nothing in any row."""
        for path, use in self.paths.items():
            parts = path.split(".")
            missing = use.depth < parts.index(EVERY) if EVERY in parts else not use.fits
            # Further inside, items may lack what others have; that none has anything at any path is a mistake.
            if missing or (not use.fits and not self.found and use.fields):
                fields = ", ".join(use.fields[:SHOWN]) or "none"
                what = f"expected something at {path}, which the mapping names, got nothing in {self.rows} rows"
                yield Problem(self.where, f"{what}; the fields there: {fields}", Lost.ENTITY)

    def _follow(self, path: str, use: _Use, values: Mapping[str, Any]) -> None:
        if dig(values, path) is not MISSING:
            use.fits = True
            return
        parts = path.split(".")
        for depth in range(len(parts), -1, -1):
            nodes = [node.value for node in walk(values, ".".join(parts[:depth]))] if depth else [values]
            if nodes:
                break
        use.fits = depth == len(parts)
        self.found = self.found or use.fits
        if depth > use.depth:
            use.depth = depth
            use.fields = tuple(dict.fromkeys(shown(key) for node in nodes if isinstance(node, dict) for key in node))


def _columns(given: Mapping[str, Column]) -> Iterator[str]:
    """Every column that has to be there: named alone, and without a value where it is not."""
    for column in given.values():
        if len(column.columns) == 1 and column.default is None and not column.columns[0].startswith("_"):
            yield column.columns[0]


def _paths(mapping: ImportMapping) -> Iterator[str]:
    """Every path to annotations that has to be there."""
    yield from (source.path for source in mapping.entities or () if not source.optional)
    yield from (links.path for links in mapping.links if not links.optional)
    if mapping.facts and not mapping.facts.optional:
        yield mapping.facts.path

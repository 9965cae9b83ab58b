"""The runs of a store by command, and figures of their manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from curation.store import Store
from curation.store.runs import Run
from exports.evidence import TracedFigure, path_of


class DoneRuns:
    """The runs that came to their end, newest first."""

    def __init__(self, store: Store) -> None:
        self._runs = list(reversed(store.runs(state="done")))

    def of(self, command: str) -> Iterator[Run]:
        """Those of a command."""
        return (run for run in self._runs if run.command == command)


def found_in(run: Run, *path: object) -> Any:
    """What stands in a run's manifest, None where nothing does."""
    value: Any = run.manifest
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def figure_of(run: Run, *path: object) -> TracedFigure:
    """A figure of a run's manifest."""
    return TracedFigure(
        value=found_in(run, *path),
        source=path_of("runs", run.id, "manifest", *path),
        run=run.id,
        date=run.started,
    )


def figures_of(run: Run, *path: object, names: Iterable[str]) -> dict[str, TracedFigure]:
    """The figures of these names below one place of a run's manifest."""
    return {name: figure_of(run, *path, name) for name in names}

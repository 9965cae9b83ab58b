"""What differs between two schemes, and how often the workspace uses what is gone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from curation.errors import UsageError
from curation.scheme import load_scheme
from curation.scheme_change import SchemeDifference, difference, names_in
from curation.store import Store
from pipeline.config import CONFIG_FILE
from pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SchemeDiff:
    """The difference, and how often the newest layers of the workspace use each name."""

    found: SchemeDifference
    used: Counter[str]

    def as_json(self) -> dict[str, JsonValue]:
        """The form that scripts rely on."""
        return {
            "removed": {name: self.used[name] for name in self.found.removed},
            "added": list(self.found.added),
            "changed": {name: list(keys) for name, keys in self.found.changed.items()},
        }


def diff_schemes(folder: Path, new: Path, old: Path | None = None) -> SchemeDiff:
    """What differs in the new scheme file from the old one, by default the workspace's own."""
    workspace = Workspace.at(folder) if old is None or (folder / CONFIG_FILE).is_file() else None
    before = load_scheme(old) if old is not None else workspace.scheme if workspace else None
    if before is None:
        raise UsageError("expected a workspace, or two scheme files")
    used: Counter[str] = Counter()
    if workspace is not None:
        with workspace.open_store() as store:
            used = names_used(store)
    return SchemeDiff(difference(before, load_scheme(new)), used)


def names_used(store: Store) -> Counter[str]:
    """How often the newest layers of a store use each category, document label and value."""
    used: Counter[str] = Counter()
    for item in store.items(list(store.layer_names())):
        for layer in item.layers.values():
            used += names_in(layer)
    return used

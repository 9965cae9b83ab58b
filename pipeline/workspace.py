"""The workspace: a folder with a config, a scheme, a store, and what the stages leave there."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from curation.atomic_file import replaced
from curation.errors import UsageError
from curation.scheme import DEFAULT_SCHEME, Scheme, load_scheme
from curation.store import Store
from pipeline.config import CONFIG_FILE, Config, commented_config, load_config
from pipeline.progress import Notify, not_notified

SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Workspace:
    """Where things are in a workspace folder."""

    folder: Path
    #: Called with each line for people, such as where texts go; by default no one hears them.
    notify: Notify = field(default=not_notified, compare=False)

    @classmethod
    def at(cls, folder: Path, *, notify: Notify = not_notified) -> Workspace:
        """The workspace in a folder that `curate init` has prepared."""
        if not (folder / CONFIG_FILE).is_file():
            raise UsageError(
                f"expected a workspace in {folder}, found no {CONFIG_FILE}; "
                f"make one with: curate init --workspace {folder}"
            )
        return cls(folder, notify)

    @classmethod
    def make(
        cls, folder: Path, overrides: dict[str, object] | None = None, *, notify: Notify = not_notified
    ) -> Workspace:
        """A workspace in the folder; files that are there already stay as they are."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (
            (CONFIG_FILE, commented_config(overrides)),
            ("scheme.yaml", DEFAULT_SCHEME.read_text(encoding="utf-8")),
        ):
            if not (folder / name).exists():
                with replaced(folder / name) as unfinished:
                    unfinished.write_text(content, encoding="utf-8")
        return cls(folder, notify)

    @cached_property
    def config(self) -> Config:
        """The settings."""
        return load_config(self.folder / CONFIG_FILE)

    @cached_property
    def scheme(self) -> Scheme:
        """The scheme."""
        return load_scheme(self.folder / self.config.curation.scheme)

    @property
    def store_url(self) -> str:
        """The store's URL, with a relative SQLite path made to stand in the workspace."""
        url = self.config.curation.store
        path = url.removeprefix(SQLITE)
        inside = url.startswith(SQLITE) and path and not Path(path).is_absolute()
        return f"{SQLITE}{(self.folder / path).resolve()}" if inside else url

    def open_store(self) -> Store:
        """The store, as a context manager. Raises StoreError for one that is empty although runs were noted in it."""
        return Store.open(self.store_url, made_with=self._last_manifest)

    def _last_manifest(self) -> str | None:
        """The manifest of the last run, where that was noted in the store that the settings name now."""
        for path in sorted(self.folder.glob("runs/[0-9]*.json"), reverse=True):
            with suppress(ValueError, LookupError, TypeError):
                store = json.loads(path.read_text(encoding="utf-8"))["config"]["curation"]["store"]
                return str(path.relative_to(self.folder)) if store == self.config.curation.store else None
        return None

    def subfolder(self, name: str) -> Path:
        """A folder of the workspace such as reports, adapters, exports or runs, made when missing."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

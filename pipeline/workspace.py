"""The workspace: a folder with a config, a scheme, a store, and what the stages leave there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from curation.atomic_file import write_private
from curation.errors import UsageError, one_line
from curation.private_files import made_private, private_folder
from curation.scheme import DEFAULT_SCHEME, Scheme, load_scheme
from curation.store import Store
from curation.store.answer_journal import AnswerJournal, left_behind
from curation.trusted import know_workspace
from pipeline.config import CONFIG_FILE, Config, commented_config, load_config
from pipeline.foreign import check_workspace, names_outside, with_places
from pipeline.progress import Notify, not_notified

SQLITE = "sqlite:///"

#: What a folder holds that was a workspace before: it was not made here, whoever writes the settings now.
BROUGHT = ("records.db", "gx", "label-studio", "adapters")


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
        """A workspace in the folder; files that are there already stay as they are.

        A new one may name outside of itself what the overrides name: the caller has said so.
        """
        is_new = not folder.exists() or not any(folder.iterdir())
        is_ours = not any((folder / name).exists() for name in (CONFIG_FILE, *BROUGHT))
        (private_folder if is_new else made_private)(folder)
        for name, content in (
            (CONFIG_FILE, commented_config(overrides)),
            ("scheme.yaml", DEFAULT_SCHEME.read_text(encoding="utf-8")),
        ):
            if not (folder / name).exists():
                write_private(folder / name, content)
        made = cls(folder, notify)
        if is_ours:
            # Without a folder of settings, the workspace counts as one from elsewhere.
            with suppress(OSError):
                know_workspace(folder, [named.name for named in names_outside(folder, made.settings)])
        return made

    @cached_property
    def config(self) -> Config:
        """The settings. Raises ConfigError where they name what the user of this machine has not allowed."""
        check_workspace(self.folder, self.settings)
        return self.settings

    @cached_property
    def settings(self) -> Config:
        """The settings as they stand in the file, whatever they name."""
        return with_places(self.folder, load_config(self.folder / CONFIG_FILE, notify=self.notify))

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
        store = Store.open(self.store_url, made_with=self._last_manifest)
        if not store.read_only:
            try:
                self._take_over(store)
            except BaseException:
                store.close()
                raise
        return store

    def _take_over(self, store: Store) -> None:
        """Store the answers that came just before a process was killed."""
        taken = unread = 0
        for left in left_behind(self.answers_folder, self.config.curation.store):
            taken += store.take_over(left.attempts)
            unread += left.unread
        if taken:
            self.notify(f"{taken:,} answers came just before a process was killed: they are in the store now")
        if unread:
            self.notify(
                f"{unread:,} lines in {self.answers_folder.name}/ could not be read as answers that were to be stored: "
                "they were left out, what they were about is asked again"
            )

    @property
    def answers_folder(self) -> Path:
        """Where answers of language models are until the store has them."""
        return self.folder / "answers"

    @contextmanager
    def answer_journal(self, name: str) -> Iterator[AnswerJournal]:
        """Inside the block, what keeps answers until the store has them; name: who asks, where the disk takes none."""

        def unkept(error: OSError) -> None:
            self.notify(
                f"{name}: answers cannot be written to {self.answers_folder.name}/ ({one_line(error)}): of a process "
                "that is killed, those of the last moments are lost"
            )

        with closing(AnswerJournal(self.answers_folder, self.config.curation.store, failed=unkept)) as journal:
            yield journal

    def _last_manifest(self) -> str | None:
        """The manifest of the last run, where that was noted in the store that the settings name now."""
        for path in sorted(self.folder.glob("runs/[0-9]*.json"), reverse=True):
            with suppress(ValueError, LookupError, TypeError):
                store = json.loads(path.read_text(encoding="utf-8"))["config"]["curation"]["store"]
                return str(path.relative_to(self.folder)) if store == self.config.curation.store else None
        return None

    def subfolder(self, name: str) -> Path:
        """A folder of the workspace such as reports, adapters, exports or runs, made when missing."""
        return made_private(self.folder / name)

"""What workspaces may name outside of themselves on this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import JsonValue

from curation.errors import UsageError
from curation.record import Frozen
from curation.trusted import (
    Trusted,
    TrustedWorkspace,
    forget_workspace,
    keep_trusted,
    know_workspace,
    known_workspaces,
    trusted,
)
from pipeline.config import CONFIG_FILE
from pipeline.foreign import names_outside
from pipeline.workspace import Workspace

#: A host without a scheme: a name with a point, an address, each with a port if need be.
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w-]+(\.[\w-]+)+|localhost)(:\d+)?", re.IGNORECASE)


class AllowedNames(Frozen):
    """Everything that is allowed on this machine."""

    workspaces: tuple[TrustedWorkspace, ...]
    folders: tuple[str, ...]
    hosts: tuple[str, ...]

    def as_json(self) -> dict[str, JsonValue]:
        """Without the marks, which are secrets."""
        shown: list[JsonValue] = [{"folder": noted.folder, "names": list(noted.names)} for noted in self.workspaces]
        return {"workspaces": shown, "folders": list(self.folders), "hosts": list(self.hosts)}


def allowed_names() -> AllowedNames:
    """What is allowed on this machine."""
    kept = trusted()
    return AllowedNames(workspaces=tuple(known_workspaces()), folders=kept.folders, hosts=kept.hosts)


def allow(words: Sequence[str]) -> list[str]:
    """A line for each workspace, folder or host that is allowed from now on.

    Raises UsageError for what is none of them; then nothing is allowed.
    """
    return [allow_one() for allow_one in [_allowing(word) for word in words]]


def take_back(words: Sequence[str]) -> list[str]:
    """A line for each that is no longer allowed. Raises UsageError for what was not allowed."""
    kept = trusted()
    lines = []
    for word in words:
        path, host = str(Path(word).resolve()), _host(word)
        if forget_workspace(Path(word)):
            lines.append(f"no longer allowed: the workspace {path}")
        elif path in kept.folders or host in kept.hosts:
            kept = Trusted(
                folders=tuple(folder for folder in kept.folders if folder != path),
                hosts=tuple(known for known in kept.hosts if known != host),
            )
            lines.append(f"no longer allowed: {path if path in trusted().folders else host}")
        else:
            raise UsageError(f"expected what is allowed, got {word}; see them with `curate trust`")
    keep_trusted(kept)
    return lines


def _allowing(word: str) -> Callable[[], str]:
    """What allows a word, once it is understood."""
    path = Path(word)
    if not word.strip():
        raise UsageError("expected a workspace, a folder or the address of a server, got nothing")
    if (path / CONFIG_FILE).is_file():
        return lambda: _allow_workspace(path)
    if path.is_dir():
        folder = path.resolve()
        if folder == Path(folder.anchor):
            raise UsageError("expected a folder, not all of the disk")
        return lambda: _allow_folder(str(folder))
    if host := _host(word):
        return lambda: _allow_host(host)
    raise UsageError(f"expected a workspace, a folder, or the address of a server such as https://host, got {word!r}")


def _allow_workspace(folder: Path) -> str:
    named = names_outside(folder, Workspace.at(folder).settings)
    know_workspace(folder, [found.name for found in named])
    listed = ", ".join(f"{found.key} ({found.name})" for found in named) or "nothing outside of it"
    return f"allowed: the workspace {folder.resolve()}, which names {listed}"


def _allow_folder(folder: str) -> str:
    kept = trusted()
    keep_trusted(kept.model_copy(update={"folders": tuple(sorted({*kept.folders, folder}))}))
    return f"allowed: every workspace may name what is in {folder}"


def _allow_host(host: str) -> str:
    kept = trusted()
    keep_trusted(kept.model_copy(update={"hosts": tuple(sorted({*kept.hosts, host}))}))
    return f"allowed: every workspace may send texts and keys to {host}"


def _host(word: str) -> str:
    """The host that a word names, in lower case; empty where it names none."""
    address = word if "://" in word else f"//{word}" if HOST.fullmatch(word) else ""
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""

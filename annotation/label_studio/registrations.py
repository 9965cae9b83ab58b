"""What we have registered in Label Studio, noted in the workspace: what is there and is not noted is not ours."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError

from curation.atomic_file import write_private
from curation.errors import ReviewError
from curation.private_files import private_folder
from curation.process_lock import process_lock
from curation.record import Frozen

#: The latest registrations of each kind that are kept.
KEPT = 50


class Registrations(Frozen):
    """Our webhooks (addresses with digests of their secrets), our back ends' addresses, and the logins we closed."""

    hints: tuple[tuple[str, str], ...] = ()
    backends: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    def has_hints(self, url: str, secret: str) -> bool:
        """Whether we registered a webhook with this address and secret."""
        return (url, _digest(secret)) in self.hints


def read_registrations(workspace: Path) -> Registrations:
    """What is noted; nothing where no note was made yet. Raises ReviewError where the file is not what we wrote."""
    path = workspace / "label-studio" / "registrations.json"
    try:
        return Registrations.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Registrations()
    except (ValidationError, ValueError):
        raise ReviewError(
            f"expected our notes on Label Studio in {path}, got something else; remove the file: "
            "what was registered before then counts as not ours"
        ) from None


def note_hints(workspace: Path, url: str, secret: str) -> None:
    """Note a webhook of ours before it is registered."""
    _note(workspace, "hints", [(url, _digest(secret))])


def note_backend(workspace: Path, url: str) -> None:
    """Note the address of a back end of ours before it is registered."""
    _note(workspace, "backends", [url.rstrip("/")])


def note_closed(workspace: Path, logins: Iterable[str]) -> None:
    """Note accounts by which nobody gets in any more."""
    _note(workspace, "closed", list(logins))


def _note(workspace: Path, kind: str, new: list[tuple[str, str]] | list[str]) -> None:
    folder = private_folder(workspace / "label-studio")
    with process_lock(folder / "registrations.lock"):
        noted = read_registrations(workspace)
        before = [entry for entry in getattr(noted, kind) if entry not in new]
        kept = (*before, *new) if kind == "closed" else (*before, *new)[-KEPT:]
        changed = noted.model_copy(update={kind: kept})
        write_private(folder / "registrations.json", changed.model_dump_json(indent=1))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

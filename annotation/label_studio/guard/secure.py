"""Everything in Label Studio put back as we made it, as far as that can be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from annotation.label_studio.api.client import Client
from annotation.label_studio.guard.foreign_entry import ForeignEntry
from annotation.label_studio.registrations import note_closed
from annotation.label_studio.server.account_order import ensure_service
from annotation.label_studio.session import connect
from annotation.label_studio.settings import LabelStudioSettings
from curation.errors import ReviewError
from curation.process_lock import process_lock

#: What is not ours, as a client sees it.
Look = Callable[[Client], Iterable[ForeignEntry]]


@dataclass(slots=True)
class Secured:
    """What was put back, counted by kind and line by line, the accounts that were closed, and what is left."""

    put_back: dict[str, int] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def secure(workspace: Path, settings: LabelStudioSettings, look: Look, *, titles: Sequence[str]) -> Secured:
    """Put back what ``look`` finds; a second time nothing is left to do.

    On our own server first what no request can: an annotator can shut all tokens out, ours too. Raises ReviewError
    where the server does not run or cannot be reached.
    """
    own = settings.url is None
    seen = _seen(workspace, settings, look, doubtful=own)
    restored = _restore(workspace, settings, titles) if own else {}
    with connect(workspace, settings) as client:
        found = list(look(client))
        failed = {entry: _undo(entry, client) for entry in found}
        left = list(look(client))
    back = [entry for entry in dict.fromkeys([*(seen or ()), *found]) if entry not in left]
    counts = Counter(entry.kind for entry in back)
    if seen is None:
        counts += Counter(account=restored["accounts"] + len(restored["closed"]), organisation=restored["organization"])
    return Secured(
        put_back=dict(counts),
        done=[f"{entry.kind}: {entry.found}" for entry in back],
        closed=restored.get("closed", []),
        left=[f"{entry.kind}: {entry.found}; {failed.get(entry) or entry.do}" for entry in left],
    )


def _seen(workspace: Path, settings: LabelStudioSettings, look: Look, *, doubtful: bool) -> list[ForeignEntry] | None:
    """What is not ours before anything is done; None where a server that may be out of order does not tell."""
    with connect(workspace, settings) as client:
        try:
            return list(look(client))
        except ReviewError:
            if doubtful:
                return None
            raise


def _restore(workspace: Path, settings: LabelStudioSettings, titles: Sequence[str]) -> dict[str, Any]:
    folder = workspace / "label-studio"
    with process_lock(folder / "lock"):
        restored = ensure_service(folder, settings, titles=titles, restore=True)
    # Those closed before, too: another workspace with this server, or a copy of this one, may have done it.
    note_closed(workspace, restored["others"])
    return restored


def _undo(entry: ForeignEntry, client: Client) -> str:
    """Why an entry could not be undone; nothing where it was."""
    try:
        if entry.undo is not None:
            entry.undo(client)
    except ReviewError as error:
        return str(error)
    return ""

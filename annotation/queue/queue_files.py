"""Queues as files in the workspace: each written once, whole, and changed only where a record was deleted."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from pydantic import ValidationError

from annotation.queue.plan import Queue
from curation.atomic_file import replaced
from curation.errors import CurateError

#: Where queues are kept in a workspace.
FOLDER = "runs"
#: The name of a queue's file.
NAME = "queue-{number:05d}.json"


def queues(folder: Path) -> list[Queue]:
    """All queues that were made, oldest first."""
    return [_read(path) for path in sorted(folder.glob("queue-*.json"))]


def queued_record_ids(folder: Path) -> set[str]:
    """The records of all queues."""
    return {id for queue in queues(folder) for id in queue.record_ids}


def reviewers_per_record(folder: Path) -> dict[str, int]:
    """How many people are to review each queued record."""
    entries = (entry for queue in queues(folder) for entry in queue.entries)
    return {entry.record_id: entry.annotators for entry in entries if not entry.is_repeat}


def save_queue(queue: Queue, folder: Path) -> Path:
    """The path of the queue's new file. After a kill there is the whole file or none; a number is used once."""
    path = folder / NAME.format(number=queue.number)
    draft = folder / f".{path.name}.{os.getpid()}"
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(queue.model_dump_json(indent=1))
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link is refused when another process made this queue first.
        os.link(draft, path)
    except FileExistsError as error:
        raise CurateError(
            f"expected queue {queue.number} to be new, but another process has just made it; run the command again"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return path


def forget_records(folder: Path, ids: Collection[str]) -> int:
    """How many places of queues were taken away because their records were deleted; the other places stay."""
    taken = 0
    for path in sorted(folder.glob("queue-*.json")):
        queue = _read(path)
        left = tuple(entry for entry in queue.entries if entry.record_id not in ids)
        if len(left) < len(queue.entries):
            taken += len(queue.entries) - len(left)
            with replaced(path) as unfinished:
                unfinished.write_text(queue.model_copy(update={"entries": left}).model_dump_json(indent=1), "utf-8")
    return taken


def _read(path: Path) -> Queue:
    try:
        return Queue.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise CurateError(
            f"expected a queue in {path.name}, but it does not fit ({error.error_count()} faults); "
            "queues are not to be edited: restore the file"
        ) from error

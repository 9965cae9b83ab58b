"""The figures of the last look at the work, kept for the next one: counted anew only when something has changed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from annotation.progress.figures import WorkProgress
from annotation.review_settings import ReviewSettings
from curation.atomic_file import replaced
from curation.private_files import made_private
from curation.record import digest
from curation.store import Store

#: Where they are, below the workspace. Names and numbers, no word of a text and no id of a record.
FILE = Path("reports") / "review" / "progress.json"
#: The version of what is counted.
VERSION = 1


def work_key(store: Store, settings: ReviewSettings, required: Mapping[str, int]) -> str:
    """A digest of all that the figures are made of: layers, tasks, settings, and the time zone of the days."""
    stored = [store.layers_mark(), store.review_mark(), len(store.deletions())]
    asked = [settings.project, settings.adjudication.gold, settings.agreement.model_dump(), sorted(required.items())]
    return digest([VERSION, stored, asked, time.tzname, time.timezone, time.altzone], length=32)


def kept_progress(workspace: Path, key: str) -> WorkProgress | None:
    """The figures of the key; None where others are kept, none, or what cannot be read."""
    try:
        content = json.loads((workspace / FILE).read_text(encoding="utf-8"))
        return WorkProgress.model_validate(content["progress"]) if content["key"] == key else None
    except (OSError, ValueError, TypeError, LookupError):
        return None


def keep_progress(workspace: Path, key: str, progress: WorkProgress) -> None:
    """Keep the figures. Raises OSError where the workspace may not be written to."""
    made_private((workspace / FILE).parent)
    with replaced(workspace / FILE) as unfinished:
        unfinished.write_text(json.dumps({"key": key, "progress": progress.as_json()}), encoding="utf-8")

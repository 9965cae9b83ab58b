"""What was measured on the whole set, kept for the next run: computed anew only when the set, or what it rests on, has
changed. Ids and numbers, no word of a text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from curation.atomic_file import replaced
from curation.private_files import made_private
from curation.record import digest
from validation.measures.measure import Columns, MeasureSpec, Whole, encoder_identity
from validation.measures.translation import TRANSLATION

#: Where it is, below the workspace.
FILE = Path("reports") / "validation" / "set.json"
#: Settings that only say how it is judged and shown.
NOT_MEASURED = {"engine", "keep_runs", "report", "severity"}
#: Measures that keep their rows themselves, record by record.
KEEPS_ITSELF = frozenset({TRANSLATION.name})


class SetRows:
    """The rows of measures over the whole set, by the digest of all that each measure looks at."""

    def __init__(self, workspace: Path) -> None:
        self._file = workspace / FILE
        self._kept = _read(self._file)
        self._used: dict[str, dict[str, Any]] = {}

    def rows(self, spec: MeasureSpec, whole: Whole) -> Mapping[str, Columns]:
        """The rows of a measure, by record id: those of before where nothing has changed."""
        if spec.name in KEEPS_ITSELF or spec.why_not(whole):
            return spec.rows_over(whole)
        key = _key(spec, whole)
        kept = self._kept.get(spec.name)
        if kept is None or kept.get("key") != key:
            kept = {"key": key, "rows": {id: dict(row) for id, row in spec.rows_over(whole).items()}}
        self._used[spec.name] = kept
        rows: Mapping[str, Columns] = kept["rows"]
        return rows

    def write(self) -> None:
        """Keep what was used for the next run."""
        if self._used != self._kept:
            made_private(self._file.parent)
            with replaced(self._file) as unfinished:
                unfinished.write_text(json.dumps(self._used, ensure_ascii=False), encoding="utf-8")


def _read(file: Path) -> dict[str, dict[str, Any]]:
    """The rows of the last run; none where the file is not there, or is not what was written."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {name: {"key": kept["key"], "rows": dict(kept["rows"])} for name, kept in content.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _key(spec: MeasureSpec, whole: Whole) -> str:
    """A digest of what a measure looks at. A record's id stands for its text, a layer's place for all before it."""
    store, settings = whole.store, whole.scope.settings
    return digest(
        [
            spec.depends_on(whole.scope),
            encoder_identity(whole.scope) if "similarity.encoder" in spec.settings else None,
            settings.model_dump(mode="json", exclude=NOT_MEASURED),
            # In the order in which they came: of two equal records the first is kept.
            [id for id in store.record_ids() if id in whole.measured],
            sorted(whole.prefer.items()),
            [*map(str, store.layers_mark()), whole.scope.scheme.digest] if spec.needs_layer else None,
            [frozen.digest for frozen in store.curated_sets()],
        ]
    )

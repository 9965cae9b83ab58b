"""What a workspace holds, by content: no times, and no numbers of rows or runs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from fault_parts.trial import Trial
from pipeline.workspace import Workspace

Contents = Counter[tuple[str, ...]]


def contents(folder: Path) -> Contents:
    """How often each record, layer, verdict, measure, finished job, member of a set and exported file is there."""
    found: Contents = Counter(_files(folder / "exports"))
    with Workspace.at(folder).open_store() as store:
        for record in store.records():
            found["record", record.id, record.text] += 1
            found.update(("layer", record.id, layer.name, layer.digest) for layer in store.layer_history(record.id))
            decisions = store.latest_decisions([record.id])
            found.update(("verdict", record.id, each.subject_name, each.verdict.value) for each in decisions)
        found.update(("measures", id, json.dumps(row, sort_keys=True)) for id, row in store.measures())
        for stage, counts in store.count_jobs().items():
            found.update({("job", stage, state): count for state, count in counts.items()})
        for curated in store.curated_sets():
            members = store.set_members(curated.digest)
            found.update(("member", curated.digest, split, record.id, layer.digest) for split, record, layer in members)
    return +found


def _files(folder: Path) -> Iterator[tuple[str, ...]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield "file", str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()


def compared(fault: str, whole: Contents, disturbed: Iterable[Contents], errors: Iterable[str]) -> Trial:
    """The trial of what was disturbed, beside what was not; ``errors`` is what the commands wrote to people."""
    tried = lost = doubled = unequal = 0
    for found in disturbed:
        missing, more = whole - found, found - whole
        tried += 1
        lost += sum(missing.values())
        doubled += sum(count for key, count in more.items() if key in whole)
        unequal += sum(count for key, count in more.items() if key not in whole)
    return Trial(fault, tried, lost, doubled, unequal, sum("Traceback" in error for error in errors))

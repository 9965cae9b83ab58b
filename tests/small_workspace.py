"""A small workspace made by commands: records, a layer, verdicts and a curated set."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import curate
from verdicts import given

from pipeline.workspace import Workspace


def small_workspace(folder: Path, text: str, records: int) -> Path:
    """The folder; each record is the text with a number at its end, in German, with `rules` frozen as `cases`."""
    curate("init", "--workspace", folder)
    source = folder.with_suffix(".jsonl")
    rows = [{"id": str(number), "text": f"{text} {number}"} for number in range(records)]
    source.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    curate("import", source, "--language", "de", "--workspace", folder)
    curate("annotate", "--with", "rules", "--workspace", folder)
    with Workspace.at(folder).open_store() as store:
        store.decide(given(store.record_ids(), "rules"))
    curate("freeze", "--name", "cases", "--layer", "rules", "--workspace", folder)
    return folder

"""Hidden repeats: a record that somebody reviewed comes again as another task, to see who agrees with themselves.

Nothing in Label Studio tells a repeat from a first time. Its task names its record by a key that looks like any
record's id and that only our ledger can read.
"""

from __future__ import annotations

from curation.record import digest


def task_key(record_id: str, repeat: int) -> str:
    """What a task calls its record: the record's id; for the first, second ... repeat, something that looks alike."""
    return digest([record_id, "repeat", repeat]) if repeat else record_id


def ledger_name(project: str, repeat: int) -> str:
    """The project's name in the ledger, another one for each repeat."""
    return f"{project} repeat {repeat}" if repeat else project

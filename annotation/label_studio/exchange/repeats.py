"""Hidden repeats: a reviewed record is sent again as another task, to measure agreement with oneself.

In Label Studio a repeat looks like a first task. Its key looks like a record's id; only our ledger holds
the record that it stands for.
"""

from __future__ import annotations

from curation.record import digest


def task_key(record_id: str, repeat: int) -> str:
    """The key of the record in a task: the record's id, or for repeat 1, 2 ... a digest that looks like an id."""
    return digest([record_id, "repeat", repeat]) if repeat else record_id


def ledger_name(project: str, repeat: int) -> str:
    """The project's name in the ledger; each repeat has its own."""
    return f"{project} repeat {repeat}" if repeat else project

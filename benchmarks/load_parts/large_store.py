"""A large store after long work, made in seconds: copies of few generated records, all set aside and all reviewed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curation.decision import Decision
    from curation.record import Layer, Record
    from curation.store.review import ReviewTask

#: Generated records that are copied; each copy has a text, an id and a group of its own.
ORIGINALS = 200
PROJECT = "Clinical review #1"
#: What was seen too often in the layers that are set aside.
FAILURE = {"expectation": "nothing_added", "severity": "hard", "column": "added_sentences", "observed": 1}


def large_store(folder: Path, records: int, *, double: float) -> Path:
    """A workspace of so many records in quarantine, each reviewed, and a share of them by two people."""
    from curation.batches import batched
    from curation.generate import generate
    from pipeline.workspace import Workspace

    originals = list(generate(ORIGINALS // 2, languages=("en", "de"), seed=0, noise=0.0))
    workspace = Workspace.make(folder, {"validation.similarity.enabled": False})
    every = max(1, round(1 / double))
    with workspace.open_store() as store:
        for numbers in batched(range(records), 1_000):
            copies = [_copy(*originals[number % len(originals)], number) for number in numbers]
            store.add_records(record for record, _ in copies)
            store.add_layers(
                layer
                for number, (_, gold) in zip(numbers, copies, strict=True)
                for layer in _reviews(gold, number, twice=number % every == 0)
            )
            store.decide(_set_aside(record.id) for record, _ in copies)
            store.put_review_tasks(PROJECT, _tasks([record.id for record, _ in copies], numbers))
    return folder


def _copy(record: Record, gold: Layer, number: int) -> tuple[Record, Layer]:
    from curation.record import record_id

    text, group = f"{record.text}\n\n({number})", f"copy-{number}"
    id = record_id(text, language=record.language, source_id=group)
    changes: dict[str, object] = {"id": id, "group": group, "text": text, "translation_of": None}
    changes["meta"] = {**record.meta, "source_id": group}
    return record.model_copy(update=changes), gold.model_copy(update={"record_id": id})


def _reviews(gold: Layer, number: int, *, twice: bool) -> Iterator[Layer]:
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    for person in ("anna", "ben") if twice else ("anna",):
        yield gold.model_copy(
            update={
                "name": f"human:{person}",
                "author": f"human:{person}",
                "entities": gold.entities if person == "anna" else gold.entities[:-1],
                "created": begun + timedelta(minutes=number),
                "provenance": {"annotation": f"{number}-{person}", "lead_time": 60.0 + number % 7},
            }
        )


def _set_aside(record_id: str) -> Decision:
    from curation.decision import Decision, DecisionKind, Verdict

    return Decision(
        record_id=record_id,
        verdict=Verdict.QUARANTINED,
        by="policy:validate@1",
        kind=DecisionKind.LAYER,
        layer="human:anna",
        reason="nothing_added: observed 1, expected 0",
        details={**FAILURE, "failures": [FAILURE]},
    )


def _tasks(ids: Sequence[str], numbers: Sequence[int]) -> Iterator[ReviewTask]:
    from curation.store.review import ReviewTask

    for id, number in zip(ids, numbers, strict=True):
        yield ReviewTask(record_id=id, project=PROJECT, task_id=number + 1)

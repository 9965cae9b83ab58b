"""A person's decision about several records that validation has set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from curation.decision import Decision
from curation.errors import UsageError
from curation.store import Store


class Decide(Protocol):
    """Decides about one record, such as `validation.quarantine.release`. Raises UsageError when it cannot."""

    def __call__(self, store: Store, record_id: str, *, by: str, reason: str) -> Decision: ...


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions that were made, and of each other record its id and why there is none."""

    made: list[Decision]
    refused: list[tuple[str, str]]


def decide_records(store: Store, records: Sequence[str], decide: Decide, *, by: str, reason: str) -> Decisions:
    """One decision a record; a record that cannot be decided about does not keep the others from it."""
    decisions = Decisions([], [])
    for record in records:
        try:
            decisions.made.append(decide(store, record, by=by, reason=reason))
        except UsageError as error:
            decisions.refused.append((record, str(error)))
    return decisions

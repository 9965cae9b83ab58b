"""A person's decision about several records that validation has set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from curation.decision import Decision
from curation.errors import UsageError
from curation.store import Store
from validation.quarantine import quarantined


class Decide(Protocol):
    """Decides about one record, such as `validation.quarantine.release`. Raises UsageError when it cannot."""

    def __call__(
        self, store: Store, record_id: str, *, by: str, reason: str, privacy: str | None
    ) -> list[Decision]: ...


@dataclass(frozen=True, slots=True)
class QuarantineDecisions:
    """The decisions that were made, of each other record its id and why there is none, and what is still set aside."""

    made: tuple[Decision, ...]
    refused: tuple[tuple[str, str], ...]
    #: Records of which something was decided and something else keeps them in quarantine.
    still_in_quarantine: tuple[str, ...]


def decide_records(
    store: Store, records: Sequence[str], decide: Decide, *, by: str, reason: str, privacy: str | None = None
) -> QuarantineDecisions:
    """The decisions on each record; a record that cannot be decided about does not keep the others from it."""
    made: list[Decision] = []
    refused: list[tuple[str, str]] = []
    for record in records:
        try:
            made += decide(store, record, by=by, reason=reason, privacy=privacy)
        except UsageError as error:
            refused.append((record, str(error)))
    left = {decision.record_id for decision in quarantined(store)} & {decision.record_id for decision in made}
    return QuarantineDecisions(tuple(made), tuple(refused), tuple(sorted(left)))

"""A person's decisions about several records at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from curation.decision import Decision
from curation.errors import UsageError
from curation.store import Store
from validation.quarantine import quarantined

#: Decides about the record of an id. Raises UsageError when it cannot.
Decide = Callable[[str], list[Decision]]


@dataclass(frozen=True, slots=True)
class QuarantineDecisions:
    """The decisions that were made, of each other record its id and why there is none, and what is still set aside."""

    made: tuple[Decision, ...]
    refused: tuple[tuple[str, str], ...]
    #: Records of which something was decided and something else keeps them in quarantine.
    still_in_quarantine: tuple[str, ...]


def decide_records(store: Store, records: Sequence[str], decide: Decide) -> QuarantineDecisions:
    """The decisions on each record, named as `find_record` takes it.

    A record that there is not, or that cannot be decided about, does not keep the others from it.
    """
    made: list[Decision] = []
    refused: list[tuple[str, str]] = []
    for record in records:
        try:
            made += decide(store.find_record(record))
        except UsageError as error:
            refused.append((record, str(error)))
    left = {decision.record_id for decision in quarantined(store)} & {decision.record_id for decision in made}
    return QuarantineDecisions(tuple(made), tuple(refused), tuple(sorted(left)))

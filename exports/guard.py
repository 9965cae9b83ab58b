"""The door: a set of which a text tells who somebody is does not leave, where the policy says so."""

from __future__ import annotations

from typing import Protocol

from curation.errors import ExportBlockedError
from curation.record import Record
from exports.view import SetView

#: So many records are named in the message; all are counted.
NAMED = 20


class Screen(Protocol):
    """What looks at a record before it leaves."""

    def __call__(self, record: Record) -> int:
        """How many identifiers keep it from leaving."""


def hold_back(view: SetView, screen: Screen) -> None:
    """Nothing, when every record may leave.

    Raises ExportBlockedError naming the records that may not, with how many identifiers each holds.
    """
    held: dict[str, int] = {}
    for split in view.curated.splits:
        held |= {record.id: count for record, _ in view.members(split) if (count := screen(record))}
    if not held:
        return
    named = ", ".join(f"{id} ({count})" for id, count in list(held.items())[:NAMED])
    more = f" and {len(held) - NAMED:,} more" if len(held) > NAMED else ""
    raise ExportBlockedError(
        f"expected records without identifiers, since validation.privacy.policy keeps them in the house; "
        f"{len(held):,} of {view.curated.records:,} in {view.curated.name}@{view.curated.version} hold "
        f"{sum(held.values()):,} (in brackets by record): {named}{more}. Nothing was written. "
        "Run `curate deidentify`, `curate validate` and `curate freeze` again, or let a person release a record that "
        "is blamed wrongly: `curate quarantine release`."
    )

"""The decision: on which side of the gate a record stands, who put it there, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field, JsonValue

from curation.record import Frozen


class Verdict(StrEnum):
    """Where a record stands."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    NEEDS_REVIEW = "needs_review"


class DecisionKind(StrEnum):
    """What a verdict is of."""

    TEXT = "text"  # the record's text
    LAYER = "layer"  # one named layer of the record
    PRIVACY = "privacy"  # the text on its way to a destination


class Decision(Frozen):
    """A verdict on one record by a policy or a person; the latest one counts, none is overwritten."""

    record_id: str
    verdict: Verdict
    by: str
    reason: str = ""
    details: dict[str, JsonValue] = Field(default_factory=dict)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

    def says_the_same_as(self, other: Decision | None) -> bool:
        """Whether the other decision has the same verdict by the same hand for the same reason."""
        return other is not None and (self.verdict, self.by, self.reason, self.details) == (
            other.verdict,
            other.by,
            other.reason,
            other.details,
        )

"""The decision: what a verdict is of, who gave it, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import Field, JsonValue, model_validator

from curation.author import is_human
from curation.record import Frozen

#: The destination of a verdict on privacy that holds for every destination.
ANYWHERE = "anywhere"


class Verdict(StrEnum):
    """Where a record stands."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    NEEDS_REVIEW = "needs_review"


#: What a person says in a review of a record that is of no use, whatever its marks are.
REJECT = "reject"

#: The verdicts from the mildest to the gravest.
BY_GRAVITY = (Verdict.ACCEPTED, Verdict.NEEDS_REVIEW, Verdict.QUARANTINED, Verdict.REJECTED)

#: Verdicts that wait for a person.
OPEN = frozenset({Verdict.NEEDS_REVIEW, Verdict.QUARANTINED})

#: Verdicts that keep a record from those who would work on it.
TURNED_AWAY = frozenset({Verdict.QUARANTINED, Verdict.REJECTED})


class DecisionKind(StrEnum):
    """What a verdict is of."""

    TEXT = "text"  # the record's text
    LAYER = "layer"  # one named layer of the record
    PRIVACY = "privacy"  # the text on its way to a destination


#: What a decision is about, beside its record: the kind, and the layer or the destination, "" for the text.
DecisionSubject = tuple[DecisionKind, str]

#: The subject of verdicts on texts.
TEXT: DecisionSubject = (DecisionKind.TEXT, "")


def on_layer(name: str) -> DecisionSubject:
    """The subject of verdicts on the layer of that name."""
    return (DecisionKind.LAYER, name)


def on_privacy(destination: str = ANYWHERE) -> DecisionSubject:
    """The subject of verdicts on what leaves for a destination."""
    return (DecisionKind.PRIVACY, destination)


def subject_name(subject: DecisionSubject) -> str:
    """What a verdict is of, for people: ``text``, ``layer rules``, ``privacy anywhere``."""
    return " ".join(filter(None, subject))


class Decision(Frozen):
    """A verdict by a policy or a person on one record's text, on one of its layers, or on what may leave.

    The latest one of each subject counts, none is overwritten. ``layer`` goes with the kind LAYER and ``destination``
    with PRIVACY; any other combination is refused. ``version`` is the digest of the layer as it was decided about; the
    store fills in that of the newest.
    """

    record_id: str
    verdict: Verdict
    by: str
    kind: DecisionKind = DecisionKind.TEXT
    layer: str | None = Field(default=None, min_length=1)
    destination: str | None = Field(default=None, min_length=1)
    version: str | None = None
    reason: str = ""
    details: dict[str, JsonValue] = Field(default_factory=dict)
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        for name, kind in (("layer", DecisionKind.LAYER), ("destination", DecisionKind.PRIVACY)):
            given = getattr(self, name) is not None
            if given != (self.kind is kind):
                expected = f"a {name}" if self.kind is kind else f"no {name}"
                raise ValueError(f"expected {expected} with a decision of the kind {self.kind}")
        if self.version is not None and self.layer is None:
            raise ValueError(f"expected no version with a decision of the kind {self.kind}")
        return self

    @property
    def subject(self) -> DecisionSubject:
        """What the verdict is of."""
        return (self.kind, self.layer or self.destination or "")

    @property
    def subject_name(self) -> str:
        """What the verdict is of, for people."""
        return subject_name(self.subject)

    @property
    def is_by_a_person(self) -> bool:
        """Whether a person made it, also where de-identification carried it over to the copy."""
        return is_human(self.by) or is_human(str(self.details.get("decided_by", "")))

    @property
    def outlives_its_version(self) -> bool:
        """Whether it also counts on newer versions of its layer: what a person turned away waits for a person."""
        return self.is_by_a_person and self.verdict is not Verdict.ACCEPTED

    def says_the_same_as(self, other: Decision | None) -> bool:
        """Whether the other decision differs in nothing but its time."""
        return other is not None and (self.subject, self.version, self.verdict, self.by, self.reason, self.details) == (
            other.subject,
            other.version,
            other.verdict,
            other.by,
            other.reason,
            other.details,
        )


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of the verdicts, of which there must be one."""
    return max(verdicts, key=BY_GRAVITY.index)

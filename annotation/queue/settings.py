"""The section `review.queue` of curate.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from curation.record import Frozen


class MixSettings(Frozen):
    """Which share of the places that are not control or repeats each signal gives away."""

    expected: float = Field(default=0.7, ge=0, le=1, description="Most corrections expected, by all signals together.")
    translation: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Of these places, the share that goes first to translations in which marks of the original were "
        "not found, or found in two places.",
    )
    judge: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Of these places, the share that goes next to records with entities that a judge (`curate judge`) "
        "rejects or would change; the other shares are of what is left, and add up to 1 without these two.",
    )
    uncertainty: float = Field(default=0.05, ge=0, le=1, description="Entities with low scores.")
    disagreement: float = Field(default=0.1, ge=0, le=1, description="Other layers say something else.")
    label_errors: float = Field(default=0.05, ge=0, le=1, description="Unlike what the same layer says elsewhere.")
    soft_checks: float = Field(default=0.05, ge=0, le=1, description="Soft findings of validation.")
    history: float = Field(default=0.0, ge=0, le=1, description="Author and source that needed most changes so far.")
    diversity: float = Field(default=0.05, ge=0, le=1, description="Texts unlike all others that were seen.")

    @model_validator(mode="after")
    def _adds_up(self) -> MixSettings:
        total = sum(self.shares().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"expected the shares of the mix to add up to 1, got {total:g}")
        return self

    def shares(self) -> dict[str, float]:
        """The shares of what is not given away first, by signal."""
        return self.model_dump(exclude={"translation", "judge"})

    def first_shares(self) -> dict[str, float]:
        """The shares that are given away first, in order, by signal."""
        return {"translation": self.translation, "judge": self.judge}


class QueueSettings(Frozen):
    """What people see next, and when it is enough."""

    size: int = Field(default=200, ge=1, description="Places in a queue.")
    control: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of the places for a random sample of what the signals left over: what the error rate of "
        "the rest is told from.",
    )
    repeats: float = Field(
        default=0.03, ge=0, le=0.5, description="Share of the places for records that were reviewed before."
    )
    overlap: float = Field(default=0.1, ge=0, le=1, description="Share of the records that several people review.")
    annotators: int = Field(default=2, ge=2, le=10, description="How many people review those.")
    strata: tuple[Literal["language", "source", "length", "profile"], ...] = Field(
        default=("language", "source", "length"),
        description="What the control sample is spread evenly over: language, source, length (thirds), profile "
        "(most frequent category).",
    )
    target: float = Field(
        default=0.05, gt=0, lt=1, description="Share of the unreviewed records that may still need a change."
    )
    confidence: float = Field(default=0.95, gt=0.5, lt=1, description="How sure one must be of it.")
    seed: int = Field(default=0, description="Another seed gives another control sample and another order.")
    mix: MixSettings = Field(default_factory=MixSettings, description="What the other places are given away by.")

    @model_validator(mode="after")
    def _leaves_room(self) -> QueueSettings:
        if self.control + self.repeats > 1 + 1e-9:
            raise ValueError(f"expected control and repeats to be at most 1, got {self.control + self.repeats:g}")
        return self

"""What can be chosen about adjudication."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from curation.author import GOLD
from curation.record import Frozen


class AdjudicationSettings(Frozen):
    """The section `review.adjudication` of curate.toml."""

    project: str = Field(
        default="Clinical review: adjudication",
        min_length=3,
        max_length=50,
        description="Title of the second project in Label Studio, in which disagreements are settled.",
    )
    gold: str = Field(
        default=GOLD,
        min_length=1,
        description="Layer that settled records get; one of this name that was imported is never replaced.",
    )
    minimum_reviews: int = Field(default=2, ge=1, description="Reviewers that a record needs before it can be settled.")
    matching: Literal["exact", "lenient"] = Field(
        default="exact",
        description="When marks of two reviewers are one in the vote: at the same place, or overlapping; "
        "in the same category in any case.",
    )
    send: Literal["differences", "ties"] = Field(
        default="differences",
        description="What an adjudicator decides: every difference, or only what the majority leaves open.",
    )
    start: Literal["all", "majority"] = Field(
        default="all",
        description="What an adjudicator begins with: every mark that a reviewer made, or those of the majority.",
    )
    blind: bool = Field(default=False, description="Whether the adjudicator sees letters instead of reviewers' names.")

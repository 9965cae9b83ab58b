"""What can be chosen about agreement."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from curation.record import Frozen


class AgreementSettings(Frozen):
    """The section `review.agreement` of curate.toml."""

    unit: Literal["token", "character"] = Field(
        default="token", description="What kappa and nominal alpha count: words and signs, or characters."
    )
    assertion: bool = Field(
        default=False, description="Whether two marks say the same only when they have the same assertion too."
    )
    version: Literal["last", "first"] = Field(
        default="last", description="Which version of an annotation counts: the last, or the first before any revision."
    )
    project: str | None = Field(
        default=None, description="Title of the only project whose annotations count; without it, all projects."
    )
    minimum_records: int = Field(
        default=5, ge=1, description="Figures over fewer records than this are withheld, with the reason."
    )
    minimum_entities: int = Field(
        default=10,
        ge=1,
        description="Figures of a category with fewer marks than this, both sides together, are withheld.",
    )
    resamples: int = Field(default=1000, ge=0, description="Resamples of the records behind each interval.")
    seed: int = Field(default=0, ge=0, description="Seed of the resamples.")
    gamma_records: int = Field(
        default=20, ge=1, description="Records drawn at random for gamma, which takes seconds for each."
    )
    gamma_samples: int = Field(
        default=30, ge=2, description="Random annotations that gamma draws for each record, to know what chance gives."
    )
    excerpts: bool = Field(
        default=False,
        description="Whether the report shows the wording of differing marks; without it, ids, offsets and categories.",
    )
    report_records: int = Field(
        default=200, ge=0, description="Records shown behind each figure of the report; all are in the JSON."
    )

"""The section `validation.drift` of curate.toml."""

from __future__ import annotations

from pydantic import Field, model_validator

from curation.record import Frozen

#: Tests that share the significance.
MOST_TESTS = 6


class DriftSettings(Frozen):
    """When a difference between two batches counts."""

    significance: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="The chance, over all tests together (Holm), of finding drift where none is.",
    )
    permutations: int = Field(
        default=999, ge=99, description="Shufflings behind each permutation test; more tell smaller chances."
    )
    sample: int = Field(
        default=1_000, ge=20, description="Records of each side that the tests look at; which, their ids decide."
    )
    seed: int = Field(default=0, description="Seed of the shufflings.")

    @model_validator(mode="after")
    def _can_be_significant(self) -> DriftSettings:
        least = int(MOST_TESTS / self.significance)
        if self.permutations < least:
            raise ValueError(
                f"expected at least {least} permutations for a significance of {self.significance:g}, got "
                f"{self.permutations}: with fewer no difference could be told from chance"
            )
        return self

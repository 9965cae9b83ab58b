"""The [exports] section of curate.toml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from curation.record import Frozen

FhirKind = Literal["Condition", "Procedure", "MedicationStatement", "FamilyMemberHistory", "Observation", "Measurement"]


class ExportSettings(Frozen):
    """What is written beside exported data."""

    licence: str = Field(
        "other",
        description="The licence on the card, as an SPDX id; with 'other' those of the records, where all state one "
        "that the hub knows. Each record keeps its own as well.",
    )
    pretty_name: str = Field("Clinical summaries", description="The data set's name on the card.")
    shard_megabytes: int = Field(256, ge=1, description="The size at which a Parquet file ends and the next begins.")
    push_unreviewed: bool = Field(
        False, description="Whether a layer that nobody has frozen may be pushed to a hub with --push."
    )
    people_named: bool = Field(
        False,
        description="Whether people's annotations leave under the names that people have in the workspace; otherwise "
        "as human:person-1, human:person-2, in the order of these names.",
    )
    prompt: str = Field(
        "",
        description="A file with the system message of chat examples; empty for the one made from the scheme.",
    )
    fhir: dict[str, FhirKind] = Field(
        {},
        description="What categories of your own are in FHIR, by their names: Condition, Procedure, "
        "MedicationStatement, FamilyMemberHistory, Observation, or Measurement (an observation whose value is read "
        "as a number with a unit).",
    )

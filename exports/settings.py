"""The [exports] section of curate.toml."""

from __future__ import annotations

from pydantic import Field

from curation.record import Frozen


class ExportSettings(Frozen):
    """What is written beside exported data."""

    licence: str = Field(
        "other",
        description="The licence on the card, as an SPDX id; with 'other' those of the records, where all state one "
        "that the hub knows. Each record keeps its own as well.",
    )
    pretty_name: str = Field("Clinical summaries", description="The data set's name on the card.")
    shard_megabytes: int = Field(256, ge=1, description="The size at which a Parquet file ends and the next begins.")
    prompt: str = Field(
        "",
        description="A file with the system message of chat examples; empty for the one made from the scheme.",
    )

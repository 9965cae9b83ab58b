"""The section `annotation.llm` of curate.toml."""

from __future__ import annotations

from pydantic import Field

from curation.settings import EndpointSettings


class LlmSettings(EndpointSettings):
    """Which language model annotates, and what it is asked."""

    prompt: str = Field(
        "extract.v1", description="Prompt that ships with the product, or the path of a jinja file of your own."
    )
    fuzzy: float = Field(
        0.75,
        ge=0,
        le=1.01,
        description="Similarity from which a quote that does not stand in the text word for word counts as found; "
        "1.01 switches that off.",
    )

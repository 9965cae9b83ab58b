"""The settings of a model that is asked in batches: what its provider takes, and what that costs."""

from __future__ import annotations

from pydantic import Field

from curation.record import Frozen


class BatchSettings(Frozen):
    """How a model is asked in batches (`curate annotate --batch`)."""

    price_factor: float = Field(
        0.5,
        description="What a token costs in a batch, as a share of the price. By default half, as OpenAI and Azure ask "
        "(November 2026); others ask more: see the prices of your provider.",
        ge=0,
    )
    requests: int = Field(
        50_000, description="Requests in a batch, at most; by default OpenAI's and Groq's limit.", ge=1
    )
    bytes: int = Field(
        100_000_000,
        description="Bytes of a batch's file, at most; OpenAI and Azure take 200 MB, others less.",
        ge=1_000,
    )
    window: str = Field(
        "24h",
        description="The time that the provider is given (`completion_window`); most take 24h only.",
        min_length=1,
    )
    path: str = Field(
        "/v1/chat/completions",
        description="What each line asks for; deployments of Azure before its v1 API want /chat/completions.",
        pattern=r"^/[\w./-]+$",
    )
    poll: float = Field(60.0, description="Seconds between two looks at the state of a batch with --wait.", gt=0)

"""The section `review.backend` of curate.toml."""

from __future__ import annotations

from pydantic import Field

from curation.record import Frozen


class BackendSettings(Frozen):
    """How Label Studio is helped while people work."""

    host: str = Field(default="127.0.0.1", description="Address that the back end listens on.")
    port: int = Field(
        default=9090,
        ge=1,
        le=65535,
        description="Port that the back end listens on.",
    )
    address: str | None = Field(
        default=None,
        description="URL by which Label Studio reaches the back end; without it, http://HOST:PORT.",
    )
    annotator: str = Field(
        default="rules",
        description="Who annotates what is opened: rules, few-shot, llm:MODEL, adapter:PATH (that adapter), or "
        "adapter (the newest one in the workspace).",
    )
    until: str = Field(
        default="rules", description="Who annotates until the first adapter is trained, where `adapter` is named."
    )
    deadline: float = Field(
        default=8.0,
        gt=0,
        le=90,
        description="Seconds after which a request is answered with what is ready; the rest is there when asked again.",
    )
    gather: float = Field(
        default=0.01, ge=0, le=1, description="Seconds for which records of several requests are gathered into a batch."
    )
    batch_size: int = Field(default=16, ge=1, description="Most records in one call of the annotator.")
    cache: int = Field(default=2000, ge=1, description="Records whose annotations are kept in memory.")
    watch: float = Field(default=2.0, gt=0, description="Seconds between two looks for a new version of the adapter.")
    trained: str = Field(
        default="reviewed",
        pattern="^[a-z0-9][a-z0-9._-]*$",
        description="Name of the adapters that Label Studio's button trains; each gets a number after it.",
    )

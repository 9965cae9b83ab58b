"""The section `review.watch` of curate.toml."""

from __future__ import annotations

from pydantic import Field

from curation.record import Frozen


class WatchSettings(Frozen):
    """How `curate review watch` hears of news."""

    poll: float = Field(default=30.0, gt=0, description="Seconds between two looks when no hint comes.")
    port: int = Field(
        default=0, ge=0, le=65535, description="Port on which Label Studio's hints are heard; 0 takes a free one."
    )
    address: str | None = Field(
        default=None,
        description="Address at which a Label Studio on another machine reaches that port, such as "
        "http://this-machine:8123/hints; without it, such a one is only looked at.",
    )

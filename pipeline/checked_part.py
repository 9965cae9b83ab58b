"""A row of `curate doctor`."""

from __future__ import annotations

from curation.record import Frozen


class CheckedPart(Frozen):
    """A part of the machine or the workspace, its state, and what to do about it."""

    state: str
    what: str
    found: str
    do: str = ""

"""Soft checks: what validation found and left to a person."""

from __future__ import annotations

from annotation.queue.signals.signal import Known, Reason, Reasons


def soft_checks(known: Known) -> Reasons:
    """How many expectations the record fails softly."""
    return [
        Reason(float(len(one.findings)), f"validation asks for a person: {', '.join(one.findings)}")
        if one.findings
        else Reason()
        for one in known.sketches
    ]

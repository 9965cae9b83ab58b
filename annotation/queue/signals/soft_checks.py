"""Soft checks: what validation found and left to a person."""

from __future__ import annotations

from annotation.queue.signals.signal import Reason, Reasons, RecordPool


def soft_checks(pool: RecordPool) -> Reasons:
    """How many expectations the record fails softly."""
    return [
        Reason(float(len(summary.findings)), f"validation asks for a person: {', '.join(summary.findings)}")
        if summary.findings
        else Reason()
        for summary in pool.summaries
    ]

"""The signals: a table, one module each. To add one, write a module and a line here, and a share in MixSettings."""

from __future__ import annotations

from annotation.queue.signals.disagreement import disagreement
from annotation.queue.signals.diversity import diversity
from annotation.queue.signals.expected import expected
from annotation.queue.signals.history import history
from annotation.queue.signals.judge import judge
from annotation.queue.signals.label_errors import label_errors
from annotation.queue.signals.signal import Reason, Reasons, RecordPool, Signal
from annotation.queue.signals.soft_checks import soft_checks
from annotation.queue.signals.translation import translation
from annotation.queue.signals.uncertainty import uncertainty

__all__ = ["EXPECTED", "FIRST", "SIGNALS", "Reason", "Reasons", "RecordPool", "Signal", "measure_signals"]

#: The signal that weighs all others.
EXPECTED = "expected"
#: The signals that pick first, in order.
TRANSLATION, JUDGE = "translation", "judge"
FIRST = (TRANSLATION, JUDGE)

SIGNALS = (
    Signal("uncertainty", "entities with low scores, calibrated by reviews where there are enough", uncertainty),
    Signal(JUDGE, "entities that a judge rejects or would change", judge),
    Signal(TRANSLATION, "marks of the original that are lost in the translation or in doubt there", translation),
    Signal("disagreement", "other layers would change, remove or add entities", disagreement),
    Signal("label_errors", "words labelled unlike the same words elsewhere", label_errors),
    Signal("soft_checks", "expectations of validation that failed softly", soft_checks),
    Signal("history", "changes that the same author and source needed so far", history),
    Signal("diversity", "texts unlike all that were seen", diversity, explains=False),
)


def measure_signals(pool: RecordPool) -> dict[str, Reasons]:
    """The reasons by all signals together, first, then by each signal of the table."""
    found = {signal.name: signal.measure(pool) for signal in SIGNALS}
    explaining = {signal.name: found[signal.name] for signal in SIGNALS if signal.explains}
    together = expected(pool, explaining) or [Reason() for _ in pool.summaries]
    return {EXPECTED: together, **found}

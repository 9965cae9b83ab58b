"""Whether an answer of a model can be read at all."""

from __future__ import annotations

from curation.errors import LanguageModelError
from curation.models.contract import Answer, Finish


def unusable(answer: Answer) -> LanguageModelError | None:
    """Why an answer is not whole: truncated, refused, looping or empty; None for one that is."""
    if answer.finish is Finish.STOP and answer.text.strip():
        return None
    kind = Finish.EMPTY if answer.finish is Finish.STOP else answer.finish
    return LanguageModelError(kind.value, f"expected a whole answer, got one that ended as {kind.value}")

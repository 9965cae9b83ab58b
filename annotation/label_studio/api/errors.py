"""What Label Studio's answers mean for whoever asked.

ReviewError
├── RefusedError       it certainly was not done: asking again as it is makes no sense
└── UnansweredError    it may or may not have been done: look before asking again
"""

from __future__ import annotations

from curation.errors import ReviewError


class AnswerError(ReviewError):
    """An answer that is not the one hoped for."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RefusedError(AnswerError):
    """It certainly was not done."""


class UnansweredError(AnswerError):
    """It may or may not have been done."""

"""The errors of requests to Label Studio.

ReviewError
├── RefusedError       the request was certainly not carried out; repeating it unchanged is useless
└── UnansweredError    the request may have been carried out; check before repeating it
"""

from __future__ import annotations

from curation.errors import ReviewError


class AnswerError(ReviewError):
    """A request that did not succeed."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RefusedError(AnswerError):
    """The request was certainly not carried out."""


class UnansweredError(AnswerError):
    """The request may or may not have been carried out."""

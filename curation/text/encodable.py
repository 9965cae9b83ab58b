"""Text that libraries with a strict UTF-8 interface take."""

from __future__ import annotations


def encodable(text: str) -> str:
    """The text with a question mark for each lone surrogate, which is no character by itself."""
    return text.encode("utf-8", "replace").decode("utf-8")

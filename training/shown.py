"""Training examples for the eyes of a person: what is read, and what of it counts for the loss."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShownRow:
    """One example of a record: its words, what each stands for, and whether that is an answer to learn."""

    record_id: str
    words: tuple[tuple[str, str, bool], ...]
    title: str = ""

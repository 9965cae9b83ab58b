"""Keyboard shortcuts of the editor, each used once."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator

KEYS = string.ascii_lowercase + string.digits


class Hotkeys:
    """Keys that nothing else in the editor uses."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {key.lower() for key in taken}

    def take(self, preferred: str) -> str:
        """The preferred key, or the next free one."""
        key = next(candidate for candidate in self._candidates(preferred) if candidate not in self._taken)
        self._taken.add(key)
        return key

    @staticmethod
    def _candidates(preferred: str) -> Iterator[str]:
        yield preferred
        yield from KEYS
        # With more labels than keys: combinations.
        yield from (f"{modifiers}+{key}" for modifiers in ("shift", "ctrl+shift", "alt+shift") for key in KEYS)

"""Keyboard shortcuts of the editor, each used once as long as there are any."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator

KEYS = string.ascii_lowercase + string.digits


class Hotkeys:
    """Keys that nothing else in the editor uses."""

    def __init__(self, taken: Iterable[str | None]) -> None:
        self._taken = {key.lower() for key in taken if key is not None}

    def take(self, preferred: str) -> str | None:
        """The preferred key, or the next free one; None when all are taken."""
        free = (candidate for candidate in self._candidates(preferred) if candidate not in self._taken)
        if key := next(free, None):
            self._taken.add(key)
        return key

    @staticmethod
    def _candidates(preferred: str) -> Iterator[str]:
        yield preferred
        yield from KEYS
        # With more labels than keys: combinations.
        yield from (f"{modifiers}+{key}" for modifiers in ("shift", "ctrl+shift", "alt+shift") for key in KEYS)


def hotkey_attribute(key: str | None) -> dict[str, str]:
    """The attribute of a label or a choice; empty without a key."""
    return {} if key is None else {"hotkey": key}

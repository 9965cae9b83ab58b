"""Keys of the editor, each given once."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator

KEYS = string.ascii_lowercase + string.digits


class Hotkeys:
    """Keys that nothing else in the editor uses."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {key.lower() for key in taken}

    def take(self, wish: str) -> str:
        """The wished key, or the next free one."""
        key = next(one for one in self._candidates(wish) if one not in self._taken)
        self._taken.add(key)
        return key

    @staticmethod
    def _candidates(wish: str) -> Iterator[str]:
        yield wish
        yield from KEYS
        # Beyond these, with more labels than keys: together with others.
        yield from (f"{held}+{key}" for held in ("shift", "ctrl+shift", "alt+shift") for key in KEYS)

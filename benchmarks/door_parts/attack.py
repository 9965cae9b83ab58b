"""An attack and what came of it; every module of attacks tells its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Attack:
    """One attack: which door, what is tried, whether it worked, and what was seen or why the door stays open."""

    door: str
    tried: str
    worked: bool
    seen: str = ""
    #: In front of the server stood the shipped proxy.
    proxied: bool = False


#: The attacks of a module: it gets an empty folder, and whether only the quick ones are wanted.
Attacks = Callable[[Path, bool], Iterator[Attack]]

"""Parts of a measurement that were made before, so that a run that was ended goes on where it stood."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TypeVar

PartT = TypeVar("PartT")


@dataclass
class KeptParts:
    """What was measured, by name, in a file; without one, nothing is kept. minutes: after which no part is begun."""

    file: Path | None
    minutes: float | None = None
    _began: float = field(default_factory=monotonic)

    def part(self, name: str, make: Callable[[], PartT]) -> PartT:
        """The part of that name, made and kept where it is not there. Ends the program when its time is over."""
        if self.file is None:
            return make()
        found = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        if name not in found:
            if self.minutes is not None and monotonic() - self._began > 60 * self.minutes:
                sys.exit(f"{len(found)} parts are in {self.file}; the same command goes on with {name}")
            found[name] = make()
            self.file.write_text(json.dumps(found, indent=1), encoding="utf-8")
        made: PartT = found[name]
        return made

"""Regular expressions of users, with a limit of time on each text: some would take years on one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import regex

from curation.errors import ConfigError, SlowPatternError

#: Seconds of computing that a pattern has for one text; and once it has been too slow so many times.
LIMIT, SHORT_LIMIT = 1.0, 0.1
PATIENCE = 3


class TimedPattern:
    """A pattern that raises SlowPatternError where it takes too long. Raises ConfigError where it is none.

    name: what it is called in the file that it is from.
    """

    def __init__(self, pattern: str, *, name: str = "", ignore_case: bool = False) -> None:
        self.pattern = pattern
        self.name = name
        try:
            self._compiled = regex.compile(pattern, regex.IGNORECASE if ignore_case else 0)
        except (regex.error, RecursionError, OverflowError, MemoryError) as error:
            reason = str(error) or "too deep"
            raise ConfigError(f"expected a regular expression, got {pattern!r} ({reason})") from error
        self._slow = 0

    @property
    def groupindex(self) -> dict[str, int]:
        """The numbers of its named groups."""
        return dict(self._compiled.groupindex)

    def search(self, text: str) -> Any:
        """The first match anywhere, or None."""
        return self._timed(lambda limit: self._compiled.search(text, timeout=limit))

    def fullmatch(self, text: str, start: int = 0, end: int | None = None) -> Any:
        """The match of all of the text between the offsets, or None."""
        end = len(text) if end is None else end
        return self._timed(lambda limit: self._compiled.fullmatch(text, start, end, timeout=limit))

    def finditer(self, text: str) -> Iterator[Any]:
        """All matches, in order."""
        found: list[Any] = self._timed(lambda limit: list(self._compiled.finditer(text, timeout=limit)))
        return iter(found)

    def _timed(self, call: Callable[[float], Any]) -> Any:
        try:
            return call(SHORT_LIMIT if self._slow >= PATIENCE else LIMIT)
        except TimeoutError:
            self._slow += 1
            raise SlowPatternError(self.name or repr(self.pattern), self.pattern) from None

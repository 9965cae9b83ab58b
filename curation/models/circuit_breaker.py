"""Leaves a server alone that has died, and finds out when it is back."""

from __future__ import annotations

import math


class CircuitBreaker:
    """Closed while a server answers; open for a time after several failures in a row; then one request tries.

    threshold: failures in a row that open it. first, longest: seconds that it is open for at first, and at most; each
    failed trial doubles them.
    """

    def __init__(self, *, threshold: int = 5, first: float = 1.0, longest: float = 60.0) -> None:
        self._threshold = threshold
        self._first = first
        self._longest = longest
        self._failures = 0
        self._until: float | None = None
        self._is_trying = False
        #: How often it has opened since the last success.
        self.trips = 0

    @property
    def is_open(self) -> bool:
        """Whether the server counts as dead."""
        return self._until is not None

    @property
    def is_doubtful(self) -> bool:
        """Whether the server did not answer last."""
        return self._failures > 0

    def wait(self, now: float) -> float:
        """Seconds until a request may go: infinite while another one tries."""
        if self._until is None:
            return 0.0
        return math.inf if self._is_trying else max(0.0, self._until - now)

    def begin(self) -> bool:
        """Whether the request that goes now is the one that tries."""
        self._is_trying = self._until is not None
        return self._is_trying

    def good(self) -> None:
        """The server answered, whatever it said."""
        self._failures, self._until, self._is_trying, self.trips = 0, None, False, 0

    def bad(self, now: float, *, tries: bool) -> None:
        """The server did not answer. tries: whether it was the request that tried; others went before it opened."""
        self._failures += 1
        if self._until is not None and not tries:
            return
        if tries or self._failures >= self._threshold:
            self._until = now + min(self._longest, self._first * 2.0**self.trips)
            self._is_trying = False
            self.trips += 1

    def undecided(self, *, tries: bool) -> None:
        """A request ended without telling anything about the server, such as one that was called off."""
        self._is_trying = self._is_trying and not tries

"""So much a minute, spread evenly: a bucket that fills with time and empties with use."""

from __future__ import annotations


class TokenBucket:
    """What may be used when, so that in any minute it is no more than was allowed.

    burst: the share of a minute's amount that may be used at once after a pause.
    """

    def __init__(self, per_minute: float, *, burst: float) -> None:
        # The bucket and what flows in during a minute are the minute's amount together, and one unit more: the window
        # of a minute is open at its end.
        self._capacity = 1 + per_minute * burst
        self._rate = (per_minute - per_minute * burst) / 60
        self._level = self._capacity
        self._filled = float("-inf")

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the amount may be used; more than fits in needs a full bucket."""
        if now > self._filled:
            gained = self._rate * (now - self._filled)
            self._level = min(self._capacity, self._level + gained)
            self._filled = now
        lacking = min(amount, self._capacity) - self._level
        # Rounding leaves a rest for which no clock goes on.
        return lacking / self._rate if lacking > 1e-6 else 0.0

    def take(self, amount: float) -> None:
        """Use an amount; a negative one is given back. What is used beyond the level is waited for by the next."""
        self._level = min(self._capacity, self._level - amount)

"""How many requests a server takes at once, found out while it is asked."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

#: What is left of the limit after a server said that it has too many requests, or let one time out.
AFTER_OVERLOAD = 0.7
#: What is left of it after answers have come to take longer.
AFTER_SLOWNESS = 0.8
#: So many times the best median is slow: shorter waits are noise, and longer texts are no overload.
SLOW = 2.0
#: A decrease has helped when answers take at most this share of the time that they took before it.
HELPED = 0.95
#: The least number of answers whose median is taken.
WINDOW = 50
#: Rounds at the limit that failed before, until one more is tried.
PATIENCE = 10


@dataclass(frozen=True, slots=True)
class SlownessTrial:
    """A decrease because of slowness: the limit and the median before it."""

    limit: float
    seconds: float


class AdaptiveLimit:
    """A number of requests at once: one more after each round that went well, fewer by a share after an overload.

    The limit at which the server was overloaded is remembered: it is approached in large steps, and passed in small and
    rare ones. A round is as many answers as the limit.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = float(ceiling)
        self._limit = self._ceiling
        self._overload_at: float | None = None
        self._went = 0
        self._rounds = 0
        self._seconds: list[float] = []
        self._surely: list[float] = []
        self._best: float | None = None
        self._slow_windows = 0
        self._trial: SlownessTrial | None = None
        #: Raised with each decrease: what began before it tells nothing about what holds now.
        self.epoch = 0

    @property
    def limit(self) -> int:
        """Requests at once, at least one."""
        return int(self._limit)

    def went(self, epoch: int, seconds: float, *, surely: float | None = None) -> None:
        """A request of an epoch was answered. seconds: for a token of the answer, where their number is known; surely:
        those of them that the server took in any case, and not this process; unset all.
        """
        if epoch != self.epoch:
            return
        self._went += 1
        if self._went >= self._limit:
            self._went = 0
            self._increase()
        self._seconds.append(seconds)
        self._surely.append(seconds if surely is None else surely)
        if len(self._seconds) >= max(WINDOW, self._limit):
            self._compare(median(self._seconds), median(self._surely))
            self._clear()

    def overloaded(self, epoch: int) -> None:
        """The server said so, or did not answer in time; of all requests of an epoch the first one counts."""
        if epoch == self.epoch:
            self._trial = None
            self._overload_at = self._limit
            self._decrease(AFTER_OVERLOAD)

    def _decrease(self, share: float) -> None:
        self._limit = max(1.0, self._limit * share)
        self._went = self._rounds = 0
        self._clear()
        self.epoch += 1

    def _clear(self) -> None:
        self._seconds.clear()
        self._surely.clear()

    def _increase(self) -> None:
        if self._limit >= self._ceiling or self._trial is not None:
            return
        ceiling = self._overload_at or self._ceiling
        if self._limit + 1 < ceiling:
            self._limit += max(1.0, (0.9 * ceiling - self._limit) / 4)
            return
        self._rounds += 1
        if self._rounds >= PATIENCE:
            self._rounds = 0
            self._limit = min(self._ceiling, self._limit + 1)
            self._overload_at = self._limit + 1

    def _compare(self, seconds: float, surely: float) -> None:
        """Fewer at once where answers have come to take much longer; as many as before where that did not help."""
        trial, self._trial = self._trial, None
        is_slow = self._best is not None and surely > SLOW * self._best and self._limit > 1
        self._slow_windows = self._slow_windows + 1 if is_slow else 0
        if trial is not None and surely > HELPED * trial.seconds:
            self._limit, self._best = trial.limit, seconds
        elif self._slow_windows >= 2:
            # The first one may hold answers from before the server became slow.
            self._trial = SlownessTrial(self._limit, surely)
            self._decrease(AFTER_SLOWNESS)
        elif trial is not None:
            self._overload_at = trial.limit
        if self._best is None or seconds < self._best:
            self._best = seconds

"""How many of a finite number of things are bad, told from a random sample.

In a sample drawn without replacement from a finite population, the number of bad ones is hypergeometric. The
exact interval holds all totals that would not make the sample surprising (Clopper and Pearson 1934, with the
hypergeometric in place of their binomial). It covers at least as often as it says, however small the counts.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, lgamma


def hypergeometric_interval(bad: int, sample: int, population: int, *, confidence: float = 0.95) -> tuple[int, int]:
    """The fewest and the most bad ones that the whole population can have, those of the sample among them."""
    if not 0 <= bad <= sample <= population:
        raise ValueError(f"expected 0 <= bad <= sample <= population, got {bad}, {sample}, {population}")
    alpha = (1 - confidence) / 2
    least, most = bad, population - (sample - bad)
    # Both tails change in one direction as the total grows, so that halving finds the ends.
    low = _first(least, most, lambda total: 1 - _tail(bad - 1, sample, total, population) > alpha)
    high = _first(least, most + 1, lambda total: total > most or _tail(bad, sample, total, population) <= alpha)
    return low, max(high - 1, low)


def clopper_pearson(bad: float, sample: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """The share of bad ones in an endless population; an effective sample may be a fraction."""
    from scipy.special import betaincinv

    if sample <= 0:
        return 0.0, 1.0
    alpha = (1 - confidence) / 2
    low = float(betaincinv(bad, sample - bad + 1, alpha)) if bad > 0 else 0.0
    high = float(betaincinv(bad + 1, sample - bad, 1 - alpha)) if bad < sample else 1.0
    return low, high


def _first(least: int, most: int, holds: Callable[[int], bool]) -> int:
    """The first whole number from which on it holds; the last one if it never does before."""
    while least < most:
        middle = (least + most) // 2
        if holds(middle):
            most = middle
        else:
            least = middle + 1
    return least


def _tail(bad: int, sample: int, total: int, population: int) -> float:
    """The probability of at most so many bad ones in the sample when there are so many in all."""
    fewest = max(0, sample - (population - total))
    terms = (_probability(count, sample, total, population) for count in range(fewest, min(bad, total) + 1))
    return min(1.0, sum(terms))


def _probability(bad: int, sample: int, total: int, population: int) -> float:
    ways = _choices(total, bad) + _choices(population - total, sample - bad) - _choices(population, sample)
    return exp(ways)


def _choices(size: int, taken: int) -> float:
    """The logarithm of the number of ways to take so many."""
    return lgamma(size + 1) - lgamma(taken + 1) - lgamma(size - taken + 1)

"""How many of a finite number of things are bad, estimated from a random sample.

In a sample drawn without replacement from a finite population, the number of bad ones is hypergeometric. The
exact interval holds all totals that would not make the sample surprising (Clopper and Pearson 1934, with the
hypergeometric in place of their binomial). Its coverage is at least the nominal one, however small the counts.
"""

from __future__ import annotations

from bisect import bisect_left


def hypergeometric_interval(bad: int, sample: int, population: int, *, confidence: float = 0.95) -> tuple[int, int]:
    """The fewest and the most bad ones that the whole population can have, those of the sample among them."""
    from scipy.stats import hypergeom

    if not 0 <= bad <= sample <= population:
        raise ValueError(f"expected 0 <= bad <= sample <= population, got {bad}, {sample}, {population}")
    alpha = (1 - confidence) / 2
    least, most = bad, population - (sample - bad)
    totals = range(least, most + 1)
    # Both tails change in one direction as the total grows, so that bisection finds the ends.
    low = bisect_left(totals, True, key=lambda total: hypergeom.sf(bad - 1, population, total, sample) > alpha)
    high = bisect_left(totals, True, key=lambda total: hypergeom.cdf(bad, population, total, sample) <= alpha)
    fewest = least + min(low, len(totals) - 1)
    return fewest, max(least + high - 1, fewest)


def clopper_pearson(bad: float, sample: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """The share of bad ones in an endless population; an effective sample may be a fraction."""
    from scipy.special import betaincinv

    if sample <= 0:
        return 0.0, 1.0
    alpha = (1 - confidence) / 2
    low = float(betaincinv(bad, sample - bad + 1, alpha)) if bad > 0 else 0.0
    high = float(betaincinv(bad + 1, sample - bad, 1 - alpha)) if bad < sample else 1.0
    return low, high

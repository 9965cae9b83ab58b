"""Tests of whether two samples come from one distribution, each with a size of the difference.

Kolmogorov and Smirnov with Cliff's delta (Cliff 1993; sizes by Romano et al. 2006); chi-squared with Cramér's V
(Cohen 1988); Jensen-Shannon divergence and the energy distance (Székely and Rizzo 2013) by permutation of records.
Both are above nought between any two samples, and the more so the smaller these are: their sizes are what is left
when the mean over the shufflings is taken off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from curation.errors import MissingExtraError

if TYPE_CHECKING:
    from curation.embeddings.encoder import Vectors

#: How large a difference is in words, by the least size of each.
CLIFF = (("large", 0.474), ("medium", 0.33), ("small", 0.147))
CRAMER = (("large", 0.5), ("medium", 0.3), ("small", 0.1))
#: Without a convention: ours, set by what real data give (docs/decisions/drift.md).
JENSEN_SHANNON = (("large", 0.4), ("medium", 0.25), ("small", 0.15))
ENERGY = (("large", 0.15), ("medium", 0.06), ("small", 0.02))
NEGLIGIBLE = "negligible"

#: Shufflings that are looked at together: as one product of matrices.
AT_ONCE = 100
#: Words that both sides together use less often are left out: they are too many and say nothing.
RAREST = 5


@dataclass(frozen=True, slots=True)
class Tested:
    """The outcome of one test: its statistic, its chance under no drift, and the size of the difference."""

    test: str
    statistic: float
    p: float
    effect: str
    size: float
    magnitude: str


def lengths(left: Sequence[float], right: Sequence[float]) -> Tested:
    """Two samples of numbers. The size is positive where the right ones are larger."""
    import numpy as np

    stats = _scipy()
    found = stats.ks_2samp(left, right, method="asymp")
    a, b = np.sort(np.asarray(left)), np.asarray(right)
    above = np.searchsorted(a, b, side="left").sum()
    below = (len(a) - np.searchsorted(a, b, side="right")).sum()
    delta = float((above - below) / (len(a) * len(b)))
    return Tested(
        "Kolmogorov-Smirnov",
        float(found.statistic),
        float(found.pvalue),
        "Cliff's delta",
        delta,
        _magnitude(delta, CLIFF),
    )


def shares(left: Counter[str], right: Counter[str]) -> Tested | None:
    """Two counts of the same kinds; None where there is one kind at most and so nothing to compare.

    Each count must be of one thing a record, or the test finds differences too easily.
    """
    import numpy as np

    kinds = sorted(left.keys() | right.keys())
    if len(kinds) < 2 or not left.total() or not right.total():
        return None
    table = np.array([[side[kind] for kind in kinds] for side in (left, right)])
    found = _scipy().chi2_contingency(table, correction=False)
    v = float(np.sqrt(found.statistic / table.sum()))
    return Tested("chi-squared", float(found.statistic), float(found.pvalue), "Cramér's V", v, _magnitude(v, CRAMER))


def mixtures(
    left: Sequence[Counter[str]], right: Sequence[Counter[str]], *, permutations: int, seed: int
) -> Tested | None:
    """Two samples of records that hold many kinds each, such as words; whole records are shuffled."""
    import numpy as np

    total = Counter[str]()
    for counts in (*left, *right):
        # Adding counters would make a new one for each record.
        total.update(counts)
    kinds = {kind: column for column, kind in enumerate(kind for kind, count in total.items() if count >= RAREST)}
    if not kinds:
        return None
    rows = np.zeros((len(left) + len(right), len(kinds)), dtype=np.float32)
    for row, counts in zip(rows, (*left, *right), strict=True):
        for kind, count in counts.items():
            if kind in kinds:
                row[kinds[kind]] = count

    everything = rows.sum(axis=0)

    def divergences(first: Any) -> Any:
        left_counts = first @ rows
        return _jensen_shannon(_shares(left_counts), _shares(everything - left_counts))

    observed, p, chance = _permuted(divergences, len(left), len(right), permutations, seed)
    size = max(0.0, observed - chance) ** 0.5
    return Tested("permutation", observed, p, "Jensen-Shannon distance", size, _magnitude(size, JENSEN_SHANNON))


def clouds(left: Vectors, right: Vectors, *, permutations: int, seed: int) -> Tested:
    """Two samples of vectors, by their energy distance, which is nought only for equal distributions."""
    import numpy as np

    both = np.concatenate([left, right]).astype(np.float64)
    squares = (both**2).sum(axis=1)
    apart = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * both @ both.T, 0.0))

    def coefficients(first: Any) -> Any:
        second = 1 - first
        firsts, seconds = first.sum(axis=1), second.sum(axis=1)
        toward = first @ apart
        between = (toward * second).sum(axis=1) / (firsts * seconds)
        within = (toward * first).sum(axis=1) / firsts**2 + (second @ apart * second).sum(axis=1) / seconds**2
        return np.maximum(0.0, 2 * between - within) / np.maximum(2 * between, 1e-12)

    observed, p, chance = _permuted(coefficients, len(left), len(right), permutations, seed)
    size = max(0.0, observed - chance)
    return Tested("permutation", observed, p, "energy coefficient", size, _magnitude(size, ENERGY))


def holm(chances: Sequence[float]) -> list[float]:
    """The chances after Holm's correction for that many tests (Holm 1979), in the same order."""
    corrected = [0.0] * len(chances)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(chances)), key=lambda index: chances[index])):
        highest = max(highest, min(1.0, (len(chances) - rank) * chances[index]))
        corrected[index] = highest
    return corrected


def _permuted(
    statistic: Callable[[Any], Any], left: int, right: int, permutations: int, seed: int
) -> tuple[float, float, float]:
    """What is observed, the share of shufflings, the observed one among them, that reach it, and the mean of them.

    statistic: one value for each row of a matrix that has 1 where a record counts as of the left side.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    first = (np.arange(left + right) < left).astype(np.float32)
    observed = float(statistic(first[None, :])[0])
    reached, total = 0, 0.0
    for start in range(0, permutations, AT_ONCE):
        rows = min(AT_ONCE, permutations - start)
        shuffled = random.permuted(np.tile(first, (rows, 1)), axis=1)
        found = statistic(shuffled)
        total += float(found.sum())
        # Sums of the same numbers in another order differ in their last digits.
        reached += int((found >= observed * (1 - 1e-6)).sum())
    return observed, (1 + reached) / (1 + permutations), total / permutations


def _shares(counts: Any) -> Any:
    import numpy as np

    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)


def _jensen_shannon(a: Any, b: Any) -> Any:
    """The divergence in bits, row by row: 0 for equal shares, 1 for ones without a common kind."""
    import numpy as np

    middle = (a + b) / 2

    def information(shares: Any) -> Any:
        ratio = np.divide(shares, middle, out=np.ones_like(shares), where=shares > 0)
        return (shares * np.log2(ratio)).sum(axis=1)

    return np.maximum(0.0, (information(a) + information(b)) / 2)


def _magnitude(size: float, words: Sequence[tuple[str, float]]) -> str:
    return next((word for word, least in words if abs(size) >= least), NEGLIGIBLE)


def _scipy() -> Any:
    try:
        from scipy import stats
    except ImportError as error:
        raise MissingExtraError("scipy", "validate") from error
    return stats

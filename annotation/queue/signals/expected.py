"""Expected corrections: all signals together, weighed by what reviewers had to change so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from annotation.queue.signals.signal import Reason, Reasons, RecordPool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

#: Reviewed records from which weights are learned; before that every signal counts the same.
ENOUGH = 10

#: Regularisation of the regression: a signal gets weight only for evidence.
RIDGE = 0.1

#: Signals named in a reason at most.
NAMED = 3


def expected(pool: RecordPool, found: Mapping[str, Reasons]) -> Reasons:
    """The number of corrections that a Poisson regression on the other signals expects, refitted at each call.

    Until enough records are reviewed it is the mean rank by the signals that have values.
    """
    import numpy as np

    names = [name for name, reasons in found.items() if any(reason.value for reason in reasons)]
    lengths = np.log1p([summary.words for summary in pool.summaries])
    columns = [np.log1p([reason.value for reason in found[name]]) for name in names]
    reviewed = [number for number, summary in enumerate(pool.summaries) if summary.id in pool.reviews]
    if len(reviewed) < ENOUGH:
        return _ranked(names, found, columns)
    table = np.stack([*columns, lengths], axis=1)
    table = (table - table.mean(axis=0)) / (table.std(axis=0) + 1e-9)
    counts = [pool.reviews[pool.summaries[number].id].changes.errors for number in reviewed]
    values = _fitted(table, reviewed, counts)
    return [
        Reason(float(value), f"about {value:.1f} corrections expected, learned from {len(reviewed):,} reviews")
        for value in values
    ]


def _fitted(table: Numbers, reviewed: Sequence[int], counts: Sequence[int]) -> Numbers:
    import numpy as np
    from sklearn.linear_model import PoissonRegressor

    if not any(counts):
        return np.zeros(len(table))
    model: Any = PoissonRegressor(alpha=RIDGE, max_iter=500).fit(table[reviewed], counts)
    # Far from the data that it was fitted to, an exponential grows without limit.
    return np.asarray(np.minimum(model.predict(table), 3.0 * max(counts)))


def _ranked(names: Sequence[str], found: Mapping[str, Reasons], columns: Sequence[Numbers]) -> Reasons:
    import numpy as np

    if not columns:
        return []
    ranks = np.mean([_rank(column) for column in columns], axis=0)
    return [Reason(float(rank), "; ".join(_loudest(names, found, number))) for number, rank in enumerate(ranks)]


def _rank(column: Numbers) -> Numbers:
    """The share of records with a lower value: equal values, equal ranks."""
    import numpy as np

    return np.asarray(np.searchsorted(np.sort(column), column, side="left") / max(len(column), 1))


def _loudest(names: Sequence[str], found: Mapping[str, Reasons], number: int) -> list[str]:
    return [found[name][number].why for name in names if found[name][number].value][:NAMED]

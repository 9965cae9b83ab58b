"""Agreement by week, and the trend of each person's agreement with the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from annotation.agreement.comparisons import Comparisons
from annotation.agreement.estimate import UNDEFINED, Figure, Tally, figure
from annotation.agreement.settings import AgreementSettings
from curation.record import Frozen
from curation.scoring.bootstrap import Array
from curation.scoring.kappa import cohen
from curation.scoring.marks import f1

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Fewer weeks than this show no trend.
FEWEST_WEEKS = 3

SECONDS_A_WEEK = 7 * 24 * 3600


class WeekFigures(Frozen):
    """Agreement in one week."""

    strict: Figure
    lenient: Figure
    kappa: Figure


class AgreementTrend(Frozen):
    """The change of a person's strict F1 with the others per week, and the probability of such a change by chance.

    The slope is that of a weighted regression line through the records; the weights are their numbers of marks.
    """

    slope: Figure
    weeks: int
    #: The slope of all pairs without the person: where it falls too, the cause is not the person.
    others: Figure | None = None
    #: p of a permutation test over the times of the records.
    p: float | None = None
    #: p after Holm's correction for the number of people.
    p_corrected: float | None = None


def week_of(time: datetime) -> str:
    """The ISO week, such as 2026-W09."""
    year, week, _ = time.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def weekly(rows: Comparisons, settings: AgreementSettings, *, own: bool = False) -> dict[str, WeekFigures]:
    """Agreement by week: that of the later of two annotations, or with ``own`` that of the first of each pair."""
    weeks = [week_of(pair[0] if own else max(pair)) for pair in rows.times]
    return {week: _figures(_of_week(rows, weeks, week), settings) for week in sorted(set(weeks))}


def trend(rows: Comparisons, settings: AgreementSettings) -> AgreementTrend:
    """The trend over rows, by the times of the first person of each."""
    weeks = len({week_of(mine) for mine, _ in rows.times})
    tally = _trend_tally(rows)
    slope = figure(tally, slope_of, settings)
    if slope.value is None or weeks < FEWEST_WEEKS:
        note = slope.note or f"withheld: {weeks} weeks, fewer than {FEWEST_WEEKS}"
        note = "withheld: all at one time" if note == UNDEFINED else note
        return AgreementTrend(slope=Figure(records=slope.records, support=slope.support, note=note), weeks=weeks)
    return AgreementTrend(slope=slope, weeks=weeks, p=_by_chance(tally, slope.value, settings))


def trends(rows: Comparisons, settings: AgreementSettings) -> dict[str, AgreementTrend]:
    """For each person the trend with the others, and that of the others without the person."""
    people = sorted({name for pair in rows.pairs for name in pair})
    found = {name: trend(rows.of_person(name), settings) for name in people}
    others = {name: trend(_without(rows, name), settings).slope for name in people} if len(people) > 2 else {}
    return corrected({name: trend.model_copy(update={"others": others.get(name)}) for name, trend in found.items()})


def _without(rows: Comparisons, person: str) -> Comparisons:
    return rows.where(lambda row: person not in rows.pairs[row])


def corrected(found: dict[str, AgreementTrend]) -> dict[str, AgreementTrend]:
    """The same with p corrected for their number (Holm 1979)."""
    asked = {name: trend.p for name, trend in found.items() if trend.p is not None}
    fair = dict(zip(asked, holm(list(asked.values())), strict=True))
    return {name: trend.model_copy(update={"p_corrected": fair.get(name)}) for name, trend in found.items()}


def holm(chances: Sequence[float]) -> list[float]:
    """p values with Holm's step-down correction for their number."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    fair, least = [0.0] * len(chances), 0.0
    for step, index in enumerate(order):
        least = max(least, min(1.0, (len(chances) - step) * chances[index]))
        fair[index] = least
    return fair


def slope_of(counts: Array) -> Array:
    """The slope from the sums of w, wt, wtt, wy and wty: weight, time and agreement; nan when all is at one time."""
    import numpy as np

    weight, time, square, agreed, product = (counts[..., index] for index in range(5))
    spread = weight * square - time**2
    # For records of one moment, the spread differs from 0 only by rounding.
    defined = spread > 1e-9 * np.maximum(weight, 1) ** 2
    return np.where(defined, (weight * product - time * agreed) / np.where(defined, spread, 1), np.nan)


def _trend_tally(rows: Comparisons) -> Tally:
    """For each row the sums that a slope needs; the agreement of a row is its F1, its weight half of its marks."""
    import numpy as np

    marks = rows.mark_tally("strict")
    matched, weight = marks.counts[:, 0], marks.counts[:, 1:].sum(axis=1) / 2
    time = _weeks_since(mine for mine, _ in rows.times)
    counts = np.stack([weight, weight * time, weight * time**2, matched, matched * time], axis=-1)
    return Tally(counts.reshape(len(rows), 5), rows.records, marks.support)


def _weeks_since(times: Iterable[datetime]) -> NDArray[np.float64]:
    """Weeks since the mean of all times: small numbers, whose squares lose no precision."""
    import numpy as np

    stamps = np.array([time.timestamp() for time in times], dtype=np.float64)
    return (stamps - (stamps.mean() if len(stamps) else 0)) / SECONDS_A_WEEK


def _by_chance(tally: Tally, slope: float, settings: AgreementSettings) -> float | None:
    """The share of random permutations of the times with a slope at least as steep."""
    import numpy as np

    if not settings.resamples:
        return None
    _, indexes = np.unique(tally.records, return_inverse=True)
    sums = np.zeros((indexes.max() + 1, tally.counts.shape[1]))
    np.add.at(sums, indexes, tally.counts)
    weight, agreed = sums[:, 0], sums[:, 3]
    has_marks = weight > 0
    weight, agreed, time = weight[has_marks], agreed[has_marks], (sums[:, 1][has_marks] / weight[has_marks])
    draw = np.random.default_rng(settings.seed)
    permuted = np.stack([draw.permutation(time) for _ in range(settings.resamples)])
    whole = np.full(len(permuted), weight.sum())
    found = slope_of(
        np.stack(
            [whole, permuted @ weight, permuted**2 @ weight, np.full(len(permuted), agreed.sum()), permuted @ agreed],
            axis=-1,
        )
    )
    steep = int(np.count_nonzero(np.abs(found) >= abs(slope) - 1e-12))
    return (1 + steep) / (1 + settings.resamples)


def _of_week(rows: Comparisons, weeks: Sequence[str], week: str) -> Comparisons:
    return rows.where(lambda row: weeks[row] == week)


def _figures(rows: Comparisons, settings: AgreementSettings) -> WeekFigures:
    return WeekFigures(
        strict=figure(rows.mark_tally("strict"), f1, settings),
        lenient=figure(rows.mark_tally("lenient"), f1, settings),
        kappa=figure(rows.unit_tally(), cohen, settings),
    )

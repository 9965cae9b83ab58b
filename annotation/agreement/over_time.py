"""Agreement week by week, and whether a person's agreement with the others drifts."""

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


class Drift(Frozen):
    """By how much a person's strict F1 with the others rises or falls a week, and how likely chance alone does that.

    The slope is that of a straight line through the records, each weighing as many marks as it has.
    """

    slope: Figure
    weeks: int
    #: The same slope of the pairs that the person has no part in: where these fall too, it is not the person.
    others: Figure | None = None
    #: Of a permutation test in which the records' times are dealt anew.
    p: float | None = None
    #: The same after Holm's correction for having asked about several people.
    p_corrected: float | None = None


def week_of(time: datetime) -> str:
    """The ISO week, such as 2026-W09."""
    year, week, _ = time.astimezone(UTC).isocalendar()
    return f"{year}-W{week:02}"


def weekly(rows: Comparisons, settings: AgreementSettings, *, own: bool = False) -> dict[str, WeekFigures]:
    """Agreement by week: that of the later of two annotations, or with ``own`` that of the first of each pair."""
    weeks = [week_of(pair[0] if own else max(pair)) for pair in rows.times]
    return {week: _figures(_of_week(rows, weeks, week), settings) for week in sorted(set(weeks))}


def drift(rows: Comparisons, settings: AgreementSettings) -> Drift:
    """The trend over rows whose first person is the one that is asked about."""
    weeks = len({week_of(mine) for mine, _ in rows.times})
    tally = _trend_tally(rows)
    slope = figure(tally, slope_of, settings)
    if slope.value is None or weeks < FEWEST_WEEKS:
        note = slope.note or f"withheld: {weeks} weeks, fewer than {FEWEST_WEEKS}"
        note = "withheld: all at one time" if note == UNDEFINED else note
        return Drift(slope=Figure(records=slope.records, support=slope.support, note=note), weeks=weeks)
    return Drift(slope=slope, weeks=weeks, p=_by_chance(tally, slope.value, settings))


def drifts(rows: Comparisons, settings: AgreementSettings) -> dict[str, Drift]:
    """Of each person the trend with the others, beside that of the others among themselves."""
    people = sorted({name for pair in rows.pairs for name in pair})
    found = {name: drift(rows.of_person(name), settings) for name in people}
    others = {name: drift(_without(rows, name), settings).slope for name in people} if len(people) > 2 else {}
    return corrected({name: one.model_copy(update={"others": others.get(name)}) for name, one in found.items()})


def _without(rows: Comparisons, person: str) -> Comparisons:
    return rows.where(lambda row: person not in rows.pairs[row])


def corrected(found: dict[str, Drift]) -> dict[str, Drift]:
    """The same with p corrected for their number (Holm 1979)."""
    asked = {name: one.p for name, one in found.items() if one.p is not None}
    fair = dict(zip(asked, holm(list(asked.values())), strict=True))
    return {name: one.model_copy(update={"p_corrected": fair.get(name)}) for name, one in found.items()}


def holm(chances: Sequence[float]) -> list[float]:
    """p values corrected for having asked so often, step by step from the smallest."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    fair, least = [0.0] * len(chances), 0.0
    for step, place in enumerate(order):
        least = max(least, min(1.0, (len(chances) - step) * chances[place]))
        fair[place] = least
    return fair


def slope_of(counts: Array) -> Array:
    """The slope from the sums of w, wt, wtt, wy and wty: weight, time and agreement; nan when all is at one time."""
    import numpy as np

    weight, time, square, agreed, product = (counts[..., place] for place in range(5))
    spread = weight * square - time**2
    # Times of one moment, told as sums, differ from nought by rounding alone.
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
    """Weeks since the middle of all: small numbers, whose squares keep their digits."""
    import numpy as np

    stamps = np.array([time.timestamp() for time in times], dtype=np.float64)
    return (stamps - (stamps.mean() if len(stamps) else 0)) / SECONDS_A_WEEK


def _by_chance(tally: Tally, slope: float, settings: AgreementSettings) -> float | None:
    """How often times that are dealt to the records at random give a slope as steep."""
    import numpy as np

    if not settings.resamples:
        return None
    _, places = np.unique(tally.records, return_inverse=True)
    sums = np.zeros((places.max() + 1, tally.counts.shape[1]))
    np.add.at(sums, places, tally.counts)
    weight, agreed = sums[:, 0], sums[:, 3]
    kept = weight > 0
    weight, agreed, time = weight[kept], agreed[kept], (sums[:, 1][kept] / weight[kept])
    draw = np.random.default_rng(settings.seed)
    dealt = np.stack([draw.permutation(time) for _ in range(settings.resamples)])
    whole = np.full(len(dealt), weight.sum())
    found = slope_of(
        np.stack([whole, dealt @ weight, dealt**2 @ weight, np.full(len(dealt), agreed.sum()), dealt @ agreed], axis=-1)
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

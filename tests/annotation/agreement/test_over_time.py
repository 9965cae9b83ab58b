"""Agreement week by week, and drift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from annotation.agreement.comparisons import compare
from annotation.agreement.over_time import corrected, holm, slope_of, trend, week_of, weekly
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import ReviewedRecord, Study

PLAIN = AgreementSettings(minimum_records=1, minimum_entities=1, resamples=0)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture
def at(reviews):
    """Makes a reviewed record whose layers were made so many weeks after the start."""

    def make(number, *, anna, ben, weeks, ben_later=0):
        one = reviews(anna=f"Case {number}: {anna}", ben=f"Case {number}: {ben}")
        times = {"human:anna": START + weeks * WEEK, "human:ben": START + (weeks + ben_later) * WEEK}
        layers = {name: layer.model_copy(update={"created": times[name]}) for name, layer in one.layers.items()}
        return ReviewedRecord(one.record, layers)

    return make


def rows_of(study, scheme, settings=PLAIN):
    return compare(Study.of(study, scheme.names, settings))


BOTH = "[fever]{diagnosis} [cough]{diagnosis}"
HALF = "[fever]{diagnosis} [cough]{pathology}"


def test_iso_weeks_are_those_of_the_calendar():
    assert week_of(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-W01"
    assert week_of(datetime(2027, 1, 1, tzinfo=UTC)) == "2026-W53"
    # Sunday night in New York is Monday in the world's time.
    assert week_of(datetime.fromisoformat("2026-03-08T22:00:00-05:00")) == "2026-W11"


def test_a_pair_belongs_to_the_week_of_the_later_and_a_person_to_their_own(at, scheme):
    study = [at(1, anna=BOTH, ben=BOTH, weeks=0, ben_later=1), at(2, anna=BOTH, ben=HALF, weeks=1)]
    rows = rows_of(study, scheme)
    assert {week: one.strict.value for week, one in weekly(rows, PLAIN).items()} == {"2026-W11": 3 / 4}
    anna = weekly(rows.of_person("human:anna"), PLAIN, own=True)
    assert {week: one.strict.value for week, one in anna.items()} == {"2026-W10": 1, "2026-W11": 1 / 2}


def test_the_slope_is_that_of_a_weighted_line(at, scheme):
    study = [at(week, anna=BOTH, ben=HALF if week > 1 else BOTH, weeks=week) for week in range(4)]
    found = trend(rows_of(study, scheme).of_person("human:anna"), PLAIN)
    # F1 is 1, 1, 1/2, 1/2 in the weeks 0 to 3.
    assert found.slope.value == pytest.approx(np.polyfit(range(4), [1, 1, 0.5, 0.5], 1)[0])
    assert (found.weeks, found.slope.records, found.p) == (4, 4, None)
    times, agreed, weights = np.arange(5.0), np.array([0.9, 0.8, 0.85, 0.5, 0.6]), np.array([1.0, 2, 3, 4, 5])
    sums = [weights, weights * times, weights * times**2, weights * agreed, weights * agreed * times]
    slope = np.polyfit(times, agreed, 1, w=np.sqrt(weights))[0]
    assert float(slope_of(np.array([one.sum() for one in sums]))) == pytest.approx(slope)


def test_a_steady_fall_is_no_chance_and_a_steady_person_has_no_drift(at, scheme):
    settings = AgreementSettings(minimum_records=1, resamples=400)
    falling = [at(n, anna=BOTH, ben=HALF if n // 5 > 1 else BOTH, weeks=n // 5) for n in range(20)]
    found = trend(rows_of(falling, scheme, settings).of_person("human:ben"), settings)
    low, high = found.slope.interval
    assert low < found.slope.value < high < 0
    assert found.p < 0.01
    steady = [at(n, anna=BOTH, ben=HALF if n % 2 else BOTH, weeks=n // 5) for n in range(20)]
    level = trend(rows_of(steady, scheme, settings).of_person("human:ben"), settings)
    assert level.p > 0.2
    assert level.slope.interval[0] < 0 < level.slope.interval[1]


def test_two_weeks_show_no_trend_and_one_moment_none(at, scheme):
    two = [at(n, anna=BOTH, ben=BOTH, weeks=n % 2) for n in range(6)]
    assert trend(rows_of(two, scheme), PLAIN).slope.note == "withheld: 2 weeks, fewer than 3"
    one = [at(n, anna=BOTH, ben=BOTH, weeks=0) for n in range(6)]
    assert trend(rows_of(one, scheme), PLAIN).slope.note == "withheld: all at one time"


def test_asking_about_many_people_makes_chance_findings_likelier(at, scheme):
    # Holm 1979: 0.01 * 3, then 0.02 * 2, then the larger of 0.04 and 0.03.
    assert holm([0.02, 0.01, 0.03]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.9, 0.8]) == [1, 1]
    settings = AgreementSettings(minimum_records=1, resamples=99)
    rows = rows_of([at(n, anna=BOTH, ben=HALF if n > 4 else BOTH, weeks=n // 3) for n in range(9)], scheme, settings)
    found = corrected({name: trend(rows.of_person(name), settings) for name in ("human:anna", "human:ben")})
    assert all(one.p_corrected == pytest.approx(min(1, 2 * one.p)) for one in found.values())

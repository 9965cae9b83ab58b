"""Drift: statistics against known values, and batches with and without a shift."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record
from validation.drift.compare import compare
from validation.drift.profile import batch_profile
from validation.drift.settings import DriftSettings
from validation.drift.statistics import clouds, holm, lengths, mixtures, shares
from validation.measures.measure import Subject

SETTINGS = DriftSettings()


def test_lengths_by_hand() -> None:
    tested = lengths([1, 2, 3], [2, 3, 4])
    # Of nine pairs the right one is larger in six, smaller in one, equal in two.
    assert tested.size == pytest.approx((6 - 1) / 9)
    assert tested.statistic == pytest.approx(1 / 3)
    assert lengths([5, 5], [5, 5]).magnitude == "negligible"


def test_shares_by_hand() -> None:
    tested = shares(Counter(en=30, de=10), Counter(en=10, de=30))
    assert tested is not None
    assert tested.statistic == pytest.approx(20.0)
    assert (tested.size, tested.magnitude) == (pytest.approx(0.5), "large")
    assert shares(Counter(en=3), Counter(en=9)) is None


def test_mixtures_without_a_common_word_are_as_far_apart_as_can_be() -> None:
    left, right = [Counter(fever=2)] * 10, [Counter(cough=3)] * 10
    tested = mixtures(left, right, permutations=199, seed=1)
    assert tested is not None
    assert (tested.statistic, tested.p, tested.magnitude) == (pytest.approx(1.0), pytest.approx(1 / 200), "large")
    same = mixtures(left, left, permutations=199, seed=1)
    assert same is not None
    assert (same.statistic, same.p) == (pytest.approx(0.0), 1.0)


@pytest.mark.parametrize("records", [15, 60])
def test_small_samples_of_one_kind_differ_without_a_size(records: int) -> None:
    random = np.random.default_rng(records)
    words = [f"word{number}" for number in range(200)]
    drawn = [Counter(random.choice(words, size=40).tolist()) for _ in range(2 * records)]
    tested = mixtures(drawn[:records], drawn[records:], permutations=199, seed=1)
    assert tested is not None
    # The divergence itself would be a distance of 0.1 and more.
    assert tested.statistic > 0.01
    assert (tested.size < 0.1, tested.magnitude) == (True, "negligible")
    points = random.normal(size=(2 * records, 20)).astype(np.float32)
    cloud = clouds(points[:records], points[records:], permutations=199, seed=1)
    assert cloud.statistic > 0
    assert (cloud.size < 0.02, cloud.magnitude) == (True, "negligible")


def test_clouds_see_a_shift_and_a_spread() -> None:
    random = np.random.default_rng(3)
    near = random.normal(size=(60, 5)).astype(np.float32)
    assert clouds(near[:30], near[30:], permutations=199, seed=1).p > 0.01
    assert clouds(near[:30], near[30:] + 1, permutations=199, seed=1).p == pytest.approx(1 / 200)
    assert clouds(near[:30], 4 * near[30:], permutations=199, seed=1).p == pytest.approx(1 / 200)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def batch(number: int, template: str, *, language: str = "en", first: int = 0) -> list[Subject]:
    """Records made from a template that differ in a number."""
    subjects = []
    for at in range(first, first + number):
        text, entities = parse_markup(template.replace("NUMBER", str(20 + at % 50)) + " She slept well." * (at % 7))
        record = Record(id=f"{language}{at}", group="g", source="s", language=language, text=text)
        subjects.append(Subject(record, Layer(record_id=record.id, name="rules", author="rules", entities=entities)))
    return subjects


SHORT = "A [NUMBER-year-old]{age} woman with [fever]{signs_symptoms} and [cough]{signs_symptoms}."
OTHER = (
    "The [NUMBER-year-old]{age} took [aspirin]{pharmacological_therapy}, [heparin]{pharmacological_therapy} and rest."
)


def portraits(*batches: list[Subject]):
    return [batch_profile(one, most=100, encoder=None) for one in batches]


def test_the_same_kind_of_records_does_not_drift() -> None:
    found = compare(*portraits(batch(40, SHORT), batch(40, SHORT, first=40)), SETTINGS)
    assert not found.drifted
    assert {one.name for one in found.features} == {"length", "entities a record", "categories", "vocabulary"}


def test_another_kind_of_records_drifts_in_what_is_other() -> None:
    found = compare(*portraits(batch(40, SHORT), batch(40, OTHER, first=40)), SETTINGS)
    drifted = {one.name for one in found.features if one.drifted}
    assert drifted == {"categories", "vocabulary"}
    told = found.as_json()
    assert (told["drifted"], told["before"], told["after"]) == (True, 40, 40)


def test_another_language_is_seen() -> None:
    found = compare(*portraits(batch(30, SHORT), batch(15, SHORT) + batch(15, SHORT, language="de")), SETTINGS)
    assert {one.name for one in found.features if one.drifted} >= {"language"}


def test_the_sample_depends_on_the_ids_alone() -> None:
    subjects = batch(50, SHORT)
    assert batch_profile(subjects, most=10, encoder=None) == batch_profile(subjects[::-1], most=10, encoder=None)


def test_too_few_records_say_nothing() -> None:
    with pytest.raises(UsageError, match="at least 8 records on each side, got 3 in the set and 20 to compare"):
        compare(*portraits(batch(3, SHORT), batch(20, SHORT)), SETTINGS)


def test_settings_under_which_nothing_could_drift_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected at least 600 permutations for a significance of 0\.01, got 199"):
        DriftSettings(permutations=199)

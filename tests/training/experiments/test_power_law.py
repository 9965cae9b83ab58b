"""A power law is found again from its points, and what no fit can tell is not told."""

from __future__ import annotations

import pytest

from training.experiments.power_law import PowerLaw, fit_power_law

SIZES = [10, 20, 40, 80, 160]


@pytest.mark.parametrize(
    ("a", "b", "c"), [(1.2, 0.5, 0.1), (3, 1, 0.05), (0.5, 0.1, 0), (2, 0.3, 0), (5, 2, 0.3), (0.9, 0.02, 0)]
)
def test_known_points_give_their_law(a: float, b: float, c: float) -> None:
    law = fit_power_law(SIZES, [a * size**-b + c for size in SIZES])
    assert law is not None
    assert (law.a, law.b, law.c) == pytest.approx((a, b, c), rel=1e-3, abs=1e-3)
    assert law.distance < 1e-6
    assert law.error(1000) == pytest.approx(a * 1000**-b + c, rel=1e-3)


def test_a_score_is_reached_where_the_law_says() -> None:
    law = PowerLaw(a=1.2, b=0.5, c=0.1)
    assert law.size_for(0.8) == pytest.approx(144)
    assert law.size_for(0.9) is None
    assert law.size_for(0.95) is None
    assert PowerLaw(a=1.0, b=0.0001, c=0.0).size_for(0.99) is None, "beyond every bound"


@pytest.mark.parametrize(
    "errors", [[0.4, 0.4, 0.4, 0.4, 0.4], [0.2, 0.3, 0.4, 0.5, 0.6], [0.0, 0.0, 0.0, 0.0, 0.0], [1, 1, 1, 1, 1]]
)
def test_an_error_that_does_not_fall_gives_a_law_that_does_not(errors: list[float]) -> None:
    law = fit_power_law(SIZES, errors)
    assert law is not None
    assert not law.falls
    assert law.size_for(0.99) is None


def test_two_sizes_are_too_few_and_three_are_fitted_without_a_floor() -> None:
    assert fit_power_law([10, 20], [0.5, 0.4]) is None
    assert fit_power_law([10, 20, 20, 10], [0.5, 0.4, 0.41, 0.49]) is None
    law = fit_power_law([10, 20, 40], [0.5, 0.4, 0.32])
    assert law is not None
    assert (law.c, law.b) == (0, pytest.approx(0.322, abs=1e-3))

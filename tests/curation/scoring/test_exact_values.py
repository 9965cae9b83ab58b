"""Values in their one form: decimal signs, thousands, units, signs and comparisons in two languages."""

from __future__ import annotations

import pytest

from curation.scoring.exact_values import facts_of, values_of


@pytest.mark.parametrize(
    ("left", "right", "language"),
    [
        ("Hb 1,2 g/dl; Na 140", "na 140; Hb 12 g/L", "de"),
        ("10 mg", "10mg", "en"),
        ("1,2", "1.2", "de"),
        ("1.240", "1240", "de"),
        ("1,240", "1240", "en"),
        ("T 38.5 °C", "T 38,5°C", "de"),
        ("BE -3,5 mmol/l", "BE −3.5 mmol/L", "de"),
        (">=5 mg", "≥ 5 mg", "en"),
        ("RR 120/80 mmHg", "RR 120 / 80 mmHg", "de"),
        ("0.5 g aspirin", "500 mg Aspirin", "en"),
        ("5 foo/bar", "5 Foo/bar", "en"),
        ("Gro\u0308ße 180 cm", "Größe 1,8 m", "de"),
    ],
)
def test_the_same_values_however_they_are_written(left: str, right: str, language: str) -> None:
    assert values_of(left, language) == values_of(right, language)
    assert facts_of(left, language) == facts_of(right, language)


@pytest.mark.parametrize(
    ("left", "right", "language"),
    [
        ("1.240", "1240", "en"),
        ("1,240", "1240", "de"),
        ("10 mg", "10 g", "en"),
        ("BE -3.5 mmol/l", "BE 3.5 mmol/l", "en"),
        ("< 5 mg", "5 mg", "en"),
        ("< 5 mg", "≤ 5 mg", "en"),
        ("10²", "102", "en"),
        ("2-3 mg", "3 mg", "en"),
        ("5 mg; 5 mg", "5 mg", "en"),
        ("5 foo/bar", "5 foo/baz", "en"),
    ],
)
def test_other_values_are_others(left: str, right: str, language: str) -> None:
    assert values_of(left, language) != values_of(right, language)


def test_numbers_within_names_and_ranges_have_no_sign() -> None:
    assert values_of("COVID-19; IL-6 5 pg/ml", "en") == {"5e-09 g/L": 1}
    assert values_of("2-3 mg", "en") == {"0.002 g": 1, "0.003 g": 1}


def test_a_fact_without_a_value_is_its_wording_without_case() -> None:
    assert facts_of("Sepsis;  acute  Gout", "en") == {"sepsis", "acute gout"}
    assert facts_of("", "en") == set()

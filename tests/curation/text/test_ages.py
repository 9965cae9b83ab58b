"""Ages are read as whole years."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.text.ages import parse_age


@pytest.mark.parametrize(
    ("wording", "years"),
    [
        ("54-year-old", 54),
        ("aged 7 months", 0),
        ("in her forties", 45),
        ("mid-50s", 55),
        ("fifty-four years", 54),
        ("3-week-old", 0),
        ("18 month old", 1),
        ("54 y/o", 54),
        ("1 year and 3 months", 1),
        ("newborn", 0),
        ("450-year-old", 450),
        ("71", 71),
        ("54-jährige", 54),
        ("zwo\u0308lfja\u0308hrig", 12),
        ("fünf\u00adzig\u200bjährig", 50),
        ("7 Monate alter", 0),
        ("Mitte vierzig", 45),
        ("Anfang 50", 55),
        ("vierundfünfzigjährige", 54),
        ("dreissigjährigen", 30),
        ("Säugling", 0),
        ("adult", None),
        ("", None),
    ],
)
def test_ages_are_read_in_both_languages(wording: str, years: int | None) -> None:
    assert parse_age(wording) == years


@given(st.integers(0, 130), st.sampled_from(["{}-year-old", "aged {}", "{} years", "{}-jährig", "{} Jahre alt"]))
def test_any_age_in_digits_is_read(years: int, form: str) -> None:
    assert parse_age(form.format(years)) == years

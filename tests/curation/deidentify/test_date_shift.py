from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.deidentify.date_shift import moved
from curation.text.dates import month_names, read_date

AROUND = date(2020, 5, 4)
FORMS = {
    "de": ("{d:02d}.{m:02d}.{y}", "{d}.{m}.{y}", "{d}. {month} {y}", "{y}-{m:02d}-{d:02d}", "{d}/{m}/{y}"),
    "en": ("{y}-{m:02d}-{d:02d}", "{month} {d}, {y}", "{d} {month} {y}", "{m}/{d}/{y}", "{d:02d} {short} {y}"),
}


def written(said: str, days: int, language: str, around: date = AROUND) -> str:
    changes = moved(said, days, language=language, around=around)
    assert changes is not None
    for (start, end), word in sorted(changes, reverse=True):
        said = said[:start] + word + said[end:]
    return said


@pytest.mark.parametrize(
    ("said", "language", "expected"),
    [
        ("03.05.2020", "de", "13.05.2020"),
        ("28.2.2020", "de", "9.3.2020"),
        ("1.5.20", "de", "11.5.20"),
        ("3. März 2020", "de", "13. März 2020"),
        ("25. Mrz. 2020", "de", "4. Apr. 2020"),
        ("März 2021", "de", "März 2021"),
        ("MAI 12", "de", "MAI 12"),
        ("12/2019", "de", "12/2019"),
        ("28. und 30.4.2020", "de", "8. und 10.5.2020"),
        ("18. und 23.4.2020", "de", "28.4. und 3.5.2020"),
        ("19.", "de", "29.4."),
        ("19.3.", "de", "29.3."),
        ("2020-12-24", "en", "2021-01-03"),
        ("March 3, 2020", "en", "March 13, 2020"),
        ("March 12", "en", "March 22"),
        ("Dec. 25th", "en", "Jan. 4th"),
        ("21st of June 2020", "en", "1st of July 2020"),
        ("3/25/2020", "en", "4/4/2020"),
        ("25/03/2020", "en", "04/04/2020"),
        ("January of 2020", "en", "January of 2020"),
        ("2007", "en", "2007"),
        ("17 . 05 . 1969", "de", "27 . 05 . 1969"),
        ("12 . 10 .", "de", "22 . 10 ."),
        ("2011/03", "de", "2011/03"),
        ("21ten Juni 2016", "de", "1ten Juli 2016"),
        ("12th", "en", "22nd"),
    ],
)
def test_ten_days_later_in_the_same_form(said, language, expected):
    assert written(said, 10, language) == expected


def test_a_span_of_time_that_comes_to_lie_over_two_months_names_both():
    assert written("19.", 14, "de", date(2020, 4, 23)) == "3."
    assert written("19.", 7, "de", date(2020, 4, 23)) == "26."
    assert written("15.", 14, "de", date(2020, 4, 23)) == "29.4."
    assert written("11/2019", 60, "de") == "01/2020"
    assert written("10 - 11/2019", 60, "de") == "12/2019 - 01/2020"


@pytest.mark.parametrize("said", ["soon", "32.13.2020", "Morgen 2020", ""])
def test_what_is_no_date_is_not_moved(said):
    assert moved(said, 7, language="de", around=AROUND) is None


@given(
    st.dates(date(1905, 1, 1), date(2035, 1, 1)),
    st.integers(-1100, 1100),
    st.sampled_from([(language, form) for language, forms in FORMS.items() for form in forms]),
)
def test_intervals_stay(day, days, how):
    language, form = how
    whole, short = month_names(language)[day.month - 1]
    said = form.format(d=day.day, m=day.month, y=day.year, month=whole, short=short)
    before, after = read_date(said, language), read_date(written(said, days, language), language)
    assert before is not None
    assert after is not None
    assert before.whole is not None
    assert after.whole == before.whole + timedelta(days=days)

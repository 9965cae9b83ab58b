"""One grammar of dates for the calendar, for shifting, for comparing, and for the patterns of identifiers."""

from __future__ import annotations

from datetime import date

import pytest

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.errors import ConfigError
from curation.text.dates import date_numbers, fill_date_parts, month_numbers, read_date, whole_dates
from curation.text.numbers import number_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seen on 2020-03-05", [date(2020, 3, 5)]),
        ("am 5.3.2020, am 31.2.2020 und am 32.1.2020", [date(2020, 3, 5), None, None]),
        ("on 3/25/2020 and 25/3/2020", [date(2020, 3, 25)] * 2),
        ("5th of March 2020, Mar. 5, 2020", [date(2020, 3, 5)] * 2),
        ("am 5. März 2020, 5. Feber 2020, 5. Mrz 2020", [date(2020, 3, 5), date(2020, 2, 5), date(2020, 3, 5)]),
        ("im März 2020, 5.3.20, 03/2020", []),
        ("İ 5.3.2020", [date(2020, 3, 5)]),
    ],
)
def test_whole_dates_are_found_and_held_to_the_calendar(text: str, expected: list[date | None]) -> None:
    assert [found.day for found in whole_dates(text)] == expected


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("am 05.03.20 und 2020-03-05", [("5", "3", "2020"), ("2020", "3", "5")]),
        ("on 3/25/2020, born 1.2.56", [("3", "25", "2020"), ("1", "2", "1956")]),
        ("1-0-1 and 92/54", []),
    ],
)
def test_dates_in_digits_give_their_numbers(text: str, values: list[tuple[str, ...]]) -> None:
    found = list(date_numbers(text))
    assert [tuple(value for value, _ in parts) for _, parts in found] == values
    assert all(
        int(text[slice(*span)]) == int(value) % 100 or text[slice(*span)] == value
        for _, parts in found
        for value, span in parts
    )


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_word_for_a_month_is_read_by_all_who_read_dates(language: str) -> None:
    for word, number in month_numbers(language).items():
        said = f"3 {word.title()} 2020" if language == "en" else f"3. {word.title()} 2020"
        read = read_date(said, language)
        assert read is not None
        assert read.whole == date(2020, number, 3)
        assert [found.day for found in whole_dates(said)] == [date(2020, number, 3)]
        assert number in number_words(language).maybe[word]
        assert [(found.start, found.end) for found in find_identifiers(said, language=language)] == [(0, len(said))]


def test_a_placeholder_that_is_no_part_of_dates_is_refused() -> None:
    assert fill_date_parts(r"{{day}}\.{2}") == r"(?:0?[1-9]|[12]\d|3[01])\.{2}"
    with pytest.raises(ConfigError, match="got moon"):
        fill_date_parts("{{moon}}")

"""Texts that repeat one thing cost as much as they are long, counted in calls and not in seconds."""

from __future__ import annotations

import sys

import pytest

from curation.deidentify.identifiers.analyzer import find_identifiers


def calls(text: str, language: str) -> int:
    """Functions that are entered while the text is searched."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        find_identifiers(text, language=language)
    finally:
        sys.setprofile(None)
    return count


REPEATED = {
    "e-mail": "a@b.de ",
    "date": "12.03.2015 ",
    "telephone": "Tel. 0341/9723456 ",
    "title": "Dr. A. ",
    "name": "Anna Lindner, ",
    "town": "04103 Leipzig ",
    "link": "https://www.example.org/a ",
    "digits": "1234567890",
    "account": "DE89370400440532013000 ",
}


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("unit", REPEATED.values(), ids=REPEATED)
def test_twice_the_text_is_twice_the_work(unit: str, language: str) -> None:
    find_identifiers(unit, language=language)
    # Within one of the pieces that long texts are read in, and beyond it.
    for length in (2_500, 10_500):
        short, long = ((unit * (size // len(unit) + 1))[:size] for size in (length, 2 * length))
        assert calls(long, language) < 2.5 * calls(short, language)


def test_many_towns_are_no_more_work_than_one() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    towns = [f"Ort{one}{two}hausen" for one in letters for two in letters]
    said = " ".join(f"wohnt in 04103 {town}\n" for town in towns)
    assert calls(said * 2, "de") < 2.5 * calls(said, "de")
    again = find_identifiers(f"{said} Sie fuhr nach {towns[7]} zurück.", language="de")
    assert again[-1].kind == "CITY"
    assert again[-1].end - again[-1].start == len(towns[7])

from __future__ import annotations

import pytest

from curation.deidentify.identifiers.analyzer import find_identifiers


def ids(text: str, language: str) -> list[str]:
    """The numbers that are found, and only for their check digit."""
    found = find_identifiers(text, language=language)
    return [text[identifier.start : identifier.end] for identifier in found if identifier.kind == "ID"]


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        # Examples of the standards and laws that define them: ISO 13616, NHS data dictionary, SGB V § 290, VKVV § 4.
        ("to DE89 3704 0044 0532 0130 00 on Monday", "de", ["DE89 3704 0044 0532 0130 00"]),
        ("to GB29NWBK60161331926819.", "en", ["GB29NWBK60161331926819"]),
        ("to DE89370400440532013000 2 DAYS later", "en", ["DE89370400440532013000"]),
        ("WARD AB12 DE89-3704-0044-0532-0130-00", "en", ["DE89-3704-0044-0532-0130-00"]),
        ("943 476 5919", "en", ["943 476 5919"]),
        ("A000500015", "de", ["A000500015"]),
        ("15070649C103 und 65680839J000", "de", ["15070649C103", "65680839J000"]),
    ],
)
def test_a_sound_number_is_found_without_a_word_before_it(text, language, found):
    assert ids(text, language) == found


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("DE88 3704 0044 0532 0130 00", "de"),
        ("943 476 5918", "en"),
        ("A000500016", "de"),
        ("15990649C103", "de"),
        ("15671549C103", "de"),
    ],
)
def test_a_number_whose_check_digit_is_wrong_is_none(text, language):
    assert ids(text, language) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Mail: anna.lind+x@ward-1.example;", "anna.lind+x@ward-1.example"),
        ("'b.c@d.de'", "b.c@d.de"),
        ("(e_f@g.co.uk)", "e_f@g.co.uk"),
        ("<k/l#m@n-o.org>.", "k/l#m@n-o.org"),
        ("an a@b.de-", "a@b.de"),
    ],
)
def test_an_address_is_found_whatever_its_ending(text, address):
    (found,) = find_identifiers(text, language="en")
    assert (text[found.start : found.end], found.kind) == (address, "EMAIL")

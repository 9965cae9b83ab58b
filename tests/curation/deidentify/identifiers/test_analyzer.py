from __future__ import annotations

import socket
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.deidentify.identifiers.analyzer import find_identifiers
from curation.deidentify.identifiers.identifier import COUNTED, Identifier, IdentifierKind, parted


def found(text: str, language: str = "de", kinds: tuple[IdentifierKind, ...] = COUNTED) -> list[tuple[str, str]]:
    """Kinds and wordings, in order."""
    places = find_identifiers(text, language=language)
    return [(one.kind.value, text[one.start : one.end]) for one in places if one.kind in kinds]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wir berichten über Frau Dr. Karin Lindemann.", [("NAME", "Karin Lindemann")]),
        ("über den Patienten HOLZMANN, Rainer, Fallnummer: 20233", [("NAME", "HOLZMANN, Rainer"), ("ID", "20233")]),
        ("Ottokar Brandl, geb. am 3.5.1961", [("NAME", "Ottokar Brandl"), ("DATE", "3.5.1961")]),
        ("stationär vom 19.3. bis zum 7.5.2029", [("DATE", "19.3."), ("DATE", "7.5.2029")]),
        ("Z.n. Operation im März 2021 und (04/2029)", [("DATE", "März 2021"), ("DATE", "04/2029")]),
        ("Tel.: +43 (0)333 775-8447, Fax 0461/708-223", [("PHONE", "+43 (0)333 775-8447"), ("PHONE", "0461/708-223")]),
        ("Herr Lindemann kam; Lindemanns Tochter auch.", [("NAME", "Lindemann"), ("NAME", "Lindemann")]),
        ("befund@klinik-nord.de", [("EMAIL", "befund@klinik-nord.de")]),
        (
            "wohnhaft: Lange Gasse 12a\n24937 Flensburg",
            [("STREET", "Lange Gasse 12a"), ("ZIP", "24937"), ("CITY", "Flensburg")],
        ),
        ("Versichertennummer: A123456780", [("ID", "A123456780")]),
        ("Der 93-jährige Patient", [("AGE", "93")]),
        ("Verlegung in das Diakonissenkrankenhaus Bärental", [("HOSPITAL", "Diakonissenkrankenhaus Bärental")]),
        ("Mit freundlichen Grüßen\n\nUrsula Brandl\nOberärztin", [("NAME", "Ursula Brandl")]),
    ],
)
def test_german_identifiers(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Holloway was seen by Dr. J. Redfern.", [("NAME", "Holloway"), ("NAME", "J. Redfern")]),
        ("Angela Holloway returned on March 3, 2015.", [("NAME", "Angela Holloway"), ("DATE", "March 3, 2015")]),
        ("DOB: 04/12/1961, MRN: 00482913", [("DATE", "04/12/1961"), ("ID", "00482913")]),
        ("Phone: (555) 013-4477 or a.b@ward.example", [("PHONE", "(555) 013-4477"), ("EMAIL", "a.b@ward.example")]),
        ("Her telephone is 089 1234567.", [("PHONE", "089 1234567")]),
        ("His phone number was 089 1234567 and the fax is old.", [("PHONE", "089 1234567")]),
        ("SSN 219-09-9999", [("ID", "219-09-9999")]),
        (
            "lives at 12 Orchard Lane, Dayton, OH 45402",
            [("STREET", "12 Orchard Lane"), ("CITY", "Dayton"), ("ZIP", "45402")],
        ),
        ("a 92-year-old woman", [("AGE", "92")]),
        ("transferred to St. Bridget's Hospital", [("HOSPITAL", "St. Bridget's Hospital")]),
        ("see https://ward.example/p/12.", [("WEB", "https://ward.example/p/12")]),
    ],
)
def test_english_identifiers(text, expected):
    assert found(text, "en") == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A 54-year-old man with Parkinson's disease and Crohn's disease took aspirin 100 mg for 3/7 days.", "en"),
        ("Blood pressure 120/80 mmHg, sodium 131.5 mmol/L, pain 7/10, EF 45%, BMI 31.2 kg/m2, 5 x 3 x 2 cm.", "en"),
        (
            "Morbus Crohn, Parkinson-Syndrom, Kreatinin 1,2 mg/dl, Leukozyten 12.500/µl, RR 130/80, 3. Lendenwirbel.",
            "de",
        ),
        ("Sie lebt mit ihrem Mann; Größe 3,2 x 2,1 cm; Grad 2/6; Blut- und Schleimstraße im Rachen.", "de"),
    ],
)
def test_clinical_words_and_numbers_are_no_identifiers(text, language):
    assert found(text, language) == []


def test_a_surname_is_found_again_but_not_as_the_name_of_a_disease():
    text = "Frau Jadassohn klagt. Am Abend ist Jadassohn fieberfrei. Kein Jadassohn Syndrom."
    assert found(text) == [("NAME", "Jadassohn"), ("NAME", "Jadassohn")]


def test_a_surname_that_is_a_medical_word_is_a_name_only_behind_a_title():
    assert found("Vidit Dr. Leber. Die Leber ist vergrößert.") == [("NAME", "Leber")]


def test_decomposed_letters_hide_no_identifier_and_are_found_whole():
    text = (
        "Frau Müller, geb. 12.03.1950, wohnhaft: Königstraße 12, 80331 München, wurde am 3. März 2021 aufgenommen. "
        "Herr Jörg Größmann ist ihr Sohn; Müllers Tochter auch. Klinikum Großhadern"
    )
    decomposed = unicodedata.normalize("NFD", text)
    expected = found(text)
    assert ("NAME", "Jörg Größmann") in expected
    assert [(kind, unicodedata.normalize("NFC", wording)) for kind, wording in found(decomposed)] == expected


def test_titles_and_years_are_found_but_not_counted():
    kinds = (IdentifierKind.TITLE, IdentifierKind.YEAR)
    assert found("Prof. Dr. Lindemann operierte 2014.", kinds=kinds) == [("TITLE", "Prof. Dr."), ("YEAR", "2014")]
    assert not set(kinds) & set(COUNTED)


def test_nothing_is_fetched(monkeypatch):
    def refuse(*_: object) -> None:
        raise AssertionError("expected no connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert found("someone@a-hospital.org wrote", "en") == [("EMAIL", "someone@a-hospital.org")]


def test_a_long_text_is_read_in_pieces_with_offsets_of_the_whole():
    text = "word " * 30_000 + "Mr. Holloway"
    (one,) = find_identifiers(text, language="en")
    assert text[one.start : one.end] == "Holloway"


def test_of_two_that_overlap_the_longer_stays():
    short, long = Identifier(3, 7, IdentifierKind.YEAR, 0.9), Identifier(0, 7, IdentifierKind.DATE, 0.6)
    assert parted([short, long]) == (long,)


@given(st.text(max_size=80))
def test_any_text_has_identifiers_apart_and_within_it(text):
    places = find_identifiers(text, language="de")
    assert all(0 <= one.start < one.end <= len(text) for one in places)
    assert all(left.end <= right.start for left, right in pairwise(places))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Some of her family lived to be over 90 years old.", "en"),
        ("In der Familie wurden mehrere über 90 Jahre alt.", "de"),
        ("Platelets 44 000/µL (normal 150 000-400 000/µL), lymphoma of Ann Arbor stage II.", "en"),
    ],
)
def test_what_only_looks_like_an_identifier(text, language):
    assert found(text, language) == []


def test_long_texts_are_read_in_pieces_that_show_nowhere() -> None:
    said = "Herr Lindemann kam am 19.03.2029 wieder. "
    apart = [(one.start, one.end, one.kind) for one in find_identifiers(said, language="de")]
    text = said * 600
    everywhere = [(start + at, end + at, kind) for at in range(0, len(text), len(said)) for start, end, kind in apart]
    assert [(one.start, one.end, one.kind) for one in find_identifiers(text, language="de")] == everywhere

"""Markers around spans, and what is read from what comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.translate.projection.markers import MarkerFault, marked, unmarked
from curation.translate.projection.projected import Fragments

TEXT = "Fever and left-sided chest pain."
FEVER: Fragments = ((0, 5),)
PAIN: Fragments = ((10, 31),)
CHEST: Fragments = ((21, 26),)


def test_spans_stand_between_markers_and_come_back_where_they_are() -> None:
    asked = marked(TEXT, [FEVER, PAIN, CHEST])
    assert asked.text == "<e0>Fever</e0> and <e1>left-sided <e2>chest</e2> pain</e1>."
    back = unmarked(asked.text, asked)
    assert (back.text, dict(back.spans), back.faults) == (TEXT, {0: FEVER, 1: PAIN, 2: CHEST}, {})


def test_a_span_with_gaps_has_its_number_twice() -> None:
    asked = marked("Heart and kidney failure.", [((0, 5), (17, 24))])
    assert asked.text == "<e0>Heart</e0> and kidney <e0>failure</e0>."
    answer = "<e0>Herz</e0>- und Nieren<e0>versagen</e0>."
    assert unmarked(answer, asked).spans == {0: ((0, 4), (16, 24))}
    assert unmarked("<e0>Herzversagen</e0> und Nieren.", asked).spans == {0: ((0, 12),)}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("Fieber.", MarkerFault.LOST),
        ("<e0>Fieber.", MarkerFault.OPEN),
        ("Fieber</e0>.", MarkerFault.OPEN),
        ("<e0>Fieber</e0> <e0>Fieber</e0>.", MarkerFault.DOUBLED),
        ("<e0>Hohes <e0>Fieber</e0></e0>.", MarkerFault.DOUBLED),
        ("<e0>Fieber</e0><e0></e0><e0>.</e0>", MarkerFault.DOUBLED),
        ("<e0> </e0>Fieber.", MarkerFault.EMPTY),
    ],
)
def test_what_is_wrong_with_a_marker_is_said(answer: str, fault: MarkerFault) -> None:
    back = unmarked(answer, marked("Fever.", [FEVER]))
    assert (back.spans, dict(back.faults)) == ({}, {0: fault})
    assert "<" not in back.text


@pytest.mark.parametrize(
    "answer",
    [
        "< e0 >Fieber</ e0 >.",
        "<E0>Fieber</E0>.",
        "&lt;e0&gt;Fieber&lt;/e0&gt;.",
        "<e0> Fieber </e0>.",
        "<e0><e0>Fieber</e0></e0>.",
        "<Eintrag 0>Fieber</Eintrag 0>.",
    ],
)
def test_tags_are_read_tolerantly(answer: str) -> None:
    back = unmarked(answer, marked("Fever.", [FEVER]))
    place = back.text.index("Fieber")
    assert back.spans == {0: ((place, place + 6),)}


def test_no_tag_leaves_two_blanks() -> None:
    back = unmarked("Kein <e0> Fieber</e0> heute.", marked("No fever today.", [((3, 8),)]))
    assert back.text == "Kein Fieber heute."
    assert back.spans == {0: ((5, 11),)}


def test_tags_of_the_text_itself_stay() -> None:
    text = "Fever <e0>as marked</e0> elsewhere, p < 0.05 &lt; x."
    asked = marked(text, [FEVER])
    assert asked.name != "e"
    back = unmarked(asked.text, asked)
    assert (back.text, dict(back.spans)) == (text, {0: FEVER})
    assert unmarked(asked.text.replace("<x0>", "<y0>"), asked).faults == {0: MarkerFault.OPEN}


def test_numbers_of_no_span_are_counted_and_left_out() -> None:
    back = unmarked("<e0>Fieber</e0> und <e7>Husten</e7>.", marked("Fever.", [FEVER]))
    assert (back.text, back.foreign) == ("Fieber und Husten.", 2)


@given(
    st.text(alphabet=st.sampled_from("ab <>/e0e1&;lgt\u0308\n"), max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=5),
)
def test_marking_and_reading_gives_the_same(text: str, places: list[tuple[int, int]]) -> None:
    spans = [((start, min(len(text), start + length)),) for start, length in places if start < len(text)]
    wanted = {
        number: fragments
        for number, fragments in enumerate(spans)
        if (wording := text[slice(*fragments[0])]) == wording.strip() and wording
    }
    asked = marked(text, spans)
    back = unmarked(asked.text, asked)
    if "  " not in text and not text.startswith(" "):
        assert back.text == text
        assert {number: back.spans.get(number) for number in wanted} == wanted

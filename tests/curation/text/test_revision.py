"""A corrected text keeps what stayed of it, and marked wordings are found in it again."""

from __future__ import annotations

import pytest

from curation.record import Alignment
from curation.text.revision import Revision


def found(revision: Revision, wording: str, *, nth: int = 0) -> list[str]:
    """What stands after the correction where a wording stood before it."""
    start = -1
    for _ in range(nth + 1):
        start = revision.before.index(wording, start + 1)
    place = revision.aligned([(start, start + len(wording))])
    return [revision.text[begin:end] for begin, end in place.spans]


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("Fieber.\r\nHusten.\r\n", "Fieber.\nHusten.\n"),
        ("Fieber.\rHusten.", "Fieber.\nHusten."),
        ("A\u0308rztin mit Fieber", "Ärztin mit Fieber"),
        ("  Fieber \n", "Fieber"),
        ("Fieber", "\nFieber  "),
        ("🤒 Fieber\t39 °C", "🤒 Fieber\t39 °C"),
    ],
)
def test_what_a_page_makes_of_a_text_is_no_change(before: str, written: str) -> None:
    assert Revision.of(before, written).is_unchanged


def test_what_stays_keeps_its_characters_and_new_lines_end_as_the_others() -> None:
    before = "A\u0308rztin 🤒:\r\nhohes Fieber,\r\nHusten.\r\n"
    revision = Revision.of(before, "Ärztin 🤒:\nsehr hohes Fieber,\nneu,\nHusten.")
    assert revision.text == "A\u0308rztin 🤒:\r\nsehr hohes Fieber,\r\nneu,\r\nHusten.\r\n"
    assert found(revision, "hohes Fieber") == ["hohes Fieber"]
    assert found(revision, "Husten") == ["Husten"]
    assert found(revision, "A\u0308rztin 🤒") == ["A\u0308rztin 🤒"]


@pytest.mark.parametrize(
    ("before", "written", "wording", "after"),
    [
        ("Sie hatte hohes Fieber.", "Sie klagte über hohem Fieber.", "hohes Fieber", ["hohem Fieber"]),
        ("Schmertz im Knie, links", "Schmerz im Knie, links", "Schmertz im Knie", ["Schmerz im Knie"]),
        ("Husten und Fieber", "Fieber und Husten", "Husten", ["Husten"]),
        ("5 mg und 50 mg", "5 mg und 500 mg", "50 mg", []),
        ("Kein Fieber. Nieren gut.", "Kein Fieber. Leber gut.", "Nieren", []),
        ("Schmerz links", "Schmerz rechts", "Schmerz links", []),
    ],
)
def test_a_wording_is_found_where_it_is_alike_and_never_where_it_means_another_thing(
    before: str, written: str, wording: str, after: list[str]
) -> None:
    assert found(Revision.of(before, written), wording) == after


def test_what_nobody_had_marked_is_not_taken_for_what_was_deleted() -> None:
    revision = Revision.of("Fieber am Abend. Die Mutter hatte Fieber.", "Die Mutter hatte Fieber.")
    assert found(revision, "Fieber") == []
    assert found(revision, "Fieber", nth=1) == ["Fieber"]


def test_all_fragments_are_found_or_none() -> None:
    before = "Brüche des Radius und der Ulna."
    ulna = before.index("Ulna")
    spans = [(0, 6), (ulna, ulna + 4)]
    stayed = Revision.of(before, "Brüche des linken Radius und der Ulna.").aligned(spans)
    assert (stayed.spans, stayed.alignment) == (((0, 6), (33, 37)), Alignment.EXACT)
    assert Revision.of(before, "Brüche des Radius und der Elle.").aligned(spans).spans == ()

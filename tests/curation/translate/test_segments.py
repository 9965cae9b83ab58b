"""A text cut into segments: all words are in one, and what stands between them is as it was."""

from __future__ import annotations

import pytest

from curation.generate.records import generate
from curation.translate.segments import chunks, one_line, segments, wrapped


def cut(text: str, language: str = "en") -> list[str]:
    return [text[slice(*span)] for span in segments(text, language)]


def test_sentences_lines_and_list_entries_are_segments() -> None:
    text = "Diagnoses:\n- Fever\n- Cough for 3 days\n1. Pain\n\nShe was seen. No fever.\n"
    assert cut(text) == ["Diagnoses:", "Fever", "Cough for 3 days", "Pain", "She was seen.", "No fever."]


def test_cells_of_a_table_are_segments_of_their_own() -> None:
    assert cut("CRP\t12.3 mg/l\thigh\nHb    11.2 g/dl") == ["CRP", "12.3 mg/l", "high", "Hb", "11.2 g/dl"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_sentence_that_was_wrapped_is_one_segment(end: str) -> None:
    first = "She had a long history of arterial hypertension and of"
    text = f"{first}{end}diabetes, and was treated at home."
    assert cut(text) == [text]
    assert len(one_line(text)) == len(text)
    german = "Sie hatte seit langem eine arterielle Hypertonie und einen Diabetes und wurde daheim behandelt."
    made = wrapped(german, text)
    assert len(made) == len(german)
    assert made.replace("\n", " ") == german
    assert len(made.splitlines()) == 2


@pytest.mark.parametrize("text", ["No fever,\nchills or\nsweats.", "fever\ncough\npain", "a\n\nb"])
def test_short_lines_stay_lines(text: str) -> None:
    assert cut(text) == [line for line in text.splitlines() if line]


@pytest.mark.parametrize("text", ["", " \n ", "---\n***", "\t"])
def test_what_has_no_letter_or_digit_is_no_segment(text: str) -> None:
    assert cut(text) == []


def test_every_letter_of_generated_records_is_in_one_segment() -> None:
    for record, _ in generate(20, seed=5, noise=0.5):
        spans = segments(record.text, record.language)
        inside = {place for start, end in spans for place in range(start, end)}
        assert sum(end - start for start, end in spans) == len(inside)
        outside = [sign for place, sign in enumerate(record.text) if place not in inside]
        assert not any(map(str.isalpha, outside))


def test_chunks_hold_so_much_and_one_segment_at_least() -> None:
    assert list(chunks([3, 3, 9, 1, 1], 6)) == [range(0, 2), range(2, 3), range(3, 5)]
    assert list(chunks([], 6)) == []

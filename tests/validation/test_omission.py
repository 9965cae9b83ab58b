"""What looks like a fact and is in no entity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import load_scheme
from validation.measures import Columns, Scope, Subject
from validation.measures.omission import measure
from validation.settings import ValidationSettings

SCOPE = Scope(load_scheme(), ValidationSettings())


def _measured(marked: str) -> tuple[str, Columns]:
    text, entities = parse_markup(marked)
    layer = Layer(record_id="r", name="rules", author="rules@1", entities=entities)
    record = Record(id="r", group="r", source="test", language="en", text=text)
    (row,) = measure([Subject(record, layer)], SCOPE)
    return text, row


@pytest.mark.parametrize(
    ("marked", "found"),
    [
        ("Creatinine was 1.8 mg/dL. [CT]{pathology} was normal.", "1.8 mg/dL"),
        ("Der Blutdruck betrug 92/54 mmHg.", "92/54 mmHg"),
        ("She was given ramipril.", "ramipril"),
        ("Er erhielt Amoxicillin.", "Amoxicillin"),
        ("A colonoscopy followed.", "colonoscopy"),
        ("Ein MRT folgte.", "MRT"),
    ],
)
def test_facts_outside_of_all_entities_are_listed(marked: str, found: str) -> None:
    text, row = _measured(marked)
    places = row["uncovered_places"]
    assert isinstance(places, list)
    assert [text[start:end] for start, end in places] == [found]  # type: ignore[misc]
    assert row["uncovered_facts"] == 1


def test_what_an_entity_covers_is_no_omission() -> None:
    _, row = _measured("[Ramipril 5 mg]{pharmacological_therapy} and a [CT of the head]{pathology} were fine.")
    assert (row["uncovered_facts"], row["uncovered_share"], row["uncovered_clauses"]) == (0, 0.0, 0)


def test_a_clause_that_no_entity_reaches_into_is_listed() -> None:
    text, row = _measured("[Fever]{signs_symptoms} was noted. His wife had seen him stumble.")
    assert [text[start:end].strip() for start, end in row["uncovered_clause_places"]] == [  # type: ignore[union-attr,misc]
        "His wife had seen him stumble"
    ]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0[]{}\\"), max_size=80))
def test_any_text_is_measured_and_places_are_within_it(text: str) -> None:
    record = Record(id="r", group="r", source="test", language="en", text=text)
    layer = Layer(record_id="r", name="rules", author="rules@1")
    (row,) = measure([Subject(record, layer)], SCOPE)
    assert all(0 <= start < end <= len(text) for start, end in row["uncovered_places"])  # type: ignore[union-attr,misc]

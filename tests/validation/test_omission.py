"""What looks like a fact and is in no entity."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import Scheme, load_scheme
from curation.sources.sample import read_sample
from curation.store import Store
from validation.measures.likely_omissions import MENTIONS
from validation.measures.measure import Columns, Scope, Subject, Whole
from validation.measures.omission import measure
from validation.settings import ValidationSettings

SCOPE = Scope(load_scheme(), ValidationSettings())


def _layer(marked: str, name: str = "rules") -> tuple[str, Layer]:
    text, entities = parse_markup(marked)
    return text, Layer(record_id="r", name=name, author=name, entities=entities)


def _measured(marked: str, *others: str) -> tuple[str, Columns]:
    text, layer = _layer(marked)
    record = Record(id="r", group="r", source="test", language="en", text=text)
    seconds = tuple(_layer(other, f"second-{number}")[1] for number, other in enumerate(others))
    (row,) = measure([Subject(record, layer, seconds)], SCOPE)
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


def test_what_another_layer_has_and_the_checked_one_lacks_is_listed_by_place_and_category() -> None:
    text, row = _measured(
        "[Fever]{signs_symptoms}, a dry cough and gout.",
        "Fever, a dry [cough]{signs_symptoms} and [gout]{diagnosis}.",
        "[Fever]{diagnosis}, a dry [cough]{signs_symptoms} and gout.",
    )
    assert [text[start:end] for start, end in row["second_opinion_places"]] == ["cough", "gout"]  # type: ignore[union-attr,misc]
    assert (row["second_opinion_missing"], row["second_opinion_share"]) == (2, round(2 / 3, 4))
    assert (row["categories_missing"], row["category_names_missing"]) == (1, ["diagnosis"])


def test_without_a_second_opinion_nothing_is_said_of_one() -> None:
    _, row = _measured("[Fever]{signs_symptoms} and gout.")
    assert (row["second_opinion_missing"], row["second_opinion_share"], row["categories_missing"]) == (None, None, None)


def test_a_negated_finding_of_another_layer_is_no_fact_that_is_missing() -> None:
    text, layer = _layer("[Fever]{signs_symptoms} and no gout.")
    _, other = _layer("Fever and no [gout]{signs_symptoms}.", "second")
    denied = other.model_copy(update={"entities": (other.entities[0].model_copy(update={"assertion": "negated"}),)})
    record = Record(id="r", group="r", source="test", language="en", text=text)
    (row,) = measure([Subject(record, layer, (denied,))], SCOPE)
    assert (row["second_opinion_missing"], row["categories_missing"]) == (0, 0)


def test_a_record_that_leaves_out_what_others_mark_is_told(tmp_path: Path, scheme: Scheme) -> None:
    pairs = list(read_sample(("en",)))[:30]
    record, gold = pairs[7]
    pairs[7] = (record, gold.model_copy(update={"entities": gold.entities[:2], "relations": ()}))
    settings = ValidationSettings.model_validate({"similarity": {"enabled": False}})
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        store.add_records(record for record, _ in pairs)
        store.add_layers(layer for _, layer in pairs)
        everything = frozenset(record.id for record, _ in pairs)
        assert MENTIONS.over is not None
        rows = MENTIONS.over(Whole(store, Scope(scheme, settings), everything, {}))
    assert set(rows) == everything
    shares = {id: float(str(row["likely_omitted_share"])) for id, row in rows.items()}
    assert max(shares, key=lambda id: shares[id]) == record.id
    assert shares[record.id] > settings.omission.share
    assert len(rows[record.id]["likely_omission_places"]) == rows[record.id]["likely_omissions"]  # type: ignore[arg-type]

"""What does not stand where it should: elsewhere, in other words, or nowhere."""

from __future__ import annotations

import pytest

from curation.record import Alignment, Entity, Fragment, Layer, Record
from curation.scheme import load_scheme
from validation.measures.grounding import measure
from validation.measures.measure import Columns, Scope, Subject
from validation.settings import ValidationSettings

TEXT = "The patient complained of a severe pain in the chest. Serum creatinine was 88 µmol/L. He went home on day 4."


def _nowhere(id: str, text: str) -> Entity:
    return Entity(id=id, category="signs_symptoms", text=text, alignment=Alignment.NONE)


def _measured(*entities: Entity, text: str = TEXT, embeddings: bool = True) -> Columns:
    settings = ValidationSettings.model_validate({"similarity": {"enabled": embeddings}})
    layer = Layer(record_id="r", name="rules", author="rules@1", entities=entities)
    subject = Subject(Record(id="r", group="r", source="test", language="en", text=text), layer)
    (row,) = measure([subject], Scope(load_scheme(), settings))
    return row


def test_a_wording_that_stands_elsewhere_is_not_invented() -> None:
    moved = Entity(id="T1", category="diagnosis", text="severe pain", fragments=(Fragment(start=0, end=11),))
    found = _measured(moved, _nowhere("T2", "Serum Creatinine"), embeddings=False)
    assert (found["elsewhere_entities"], found["ungrounded"]) == (["T1", "T2"], 2)


def test_a_fuzzy_entity_is_told_with_its_score() -> None:
    near = Entity.at(TEXT, 28, 39, "diagnosis", id="T1", alignment=Alignment.FUZZY, alignment_score=0.91)
    assert _measured(near, embeddings=False)["fuzzy_least"] == 0.91


def test_other_words_are_told_from_inventions_by_their_meaning() -> None:
    pytest.importorskip("sentence_transformers")
    found = _measured(_nowhere("T1", "severe chest pain"), _nowhere("T2", "total hip replacement"))
    assert (found["paraphrased_entities"], found["invented_entities"]) == (["T1"], ["T2"])


def test_another_number_is_never_the_same_in_other_words() -> None:
    pytest.importorskip("sentence_transformers")
    assert _measured(_nowhere("T1", "Serum creatinine 98 µmol/L"))["invented_entities"] == ["T1"]


def test_without_embeddings_no_one_says_what_is_invented() -> None:
    found = _measured(_nowhere("T1", "fever"), embeddings=False)
    assert (found["ungrounded"], found["invented"], found["invented_entities"]) == (1, None, [])


@pytest.mark.parametrize("text", ["", " \n", "\u202e\u200f", "...", "x" * 300_000])
def test_odd_texts_say_nothing(text: str) -> None:
    pytest.importorskip("sentence_transformers")
    assert _measured(_nowhere("T1", "fever"), text=text)["invented_entities"] == ["T1"]

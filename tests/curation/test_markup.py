import pytest

from curation.errors import ContradictionError
from curation.markup import parse_markup
from curation.record import Assertion


def test_marks_become_entities_with_exact_offsets():
    text, entities = parse_markup("A [54-year-old]{age} 👩 without [fever]{signs_symptoms negated}.")
    assert text == "A 54-year-old 👩 without fever."
    assert [(e.id, e.category, e.text, e.spans, e.assertion) for e in entities] == [
        ("T1", "age", "54-year-old", ((2, 13),), Assertion.PRESENT),
        ("T2", "signs_symptoms", "fever", ((24, 29),), Assertion.NEGATED),
    ]
    assert all(text[entity.start : entity.end] == entity.text for entity in entities)


@pytest.mark.parametrize("marked", ["a [fever] b", "a [fever]{sign symptoms bad} b", "a fever} b", "a [x[y]]{age}"])
def test_stray_marks_are_refused(marked):
    with pytest.raises(ContradictionError, match="got a stray"):
        parse_markup(marked)

"""Suspected label errors without any gold."""

from __future__ import annotations

from curation.error_detection.label_errors import LabelErrors, labels_of
from curation.error_detection.word_features import words_of

TEXTS = (
    "A man with [fever]{signs_symptoms} got [aspirin]{pharmacological_therapy} at once.",
    "The patient had [cough]{signs_symptoms} and took [ibuprofen]{pharmacological_therapy} daily.",
    "She had [fever]{signs_symptoms} and [cough]{signs_symptoms} in spring.",
    "He took [aspirin]{pharmacological_therapy} and [ibuprofen]{pharmacological_therapy} for weeks.",
)


def pairs_of(annotated, *texts, rounds=6):
    return [annotated(text, source_id=f"{text}{number}") for number in range(rounds) for text in texts]


def test_a_wrong_category_and_an_omission_stand_out(annotated):
    wrong = annotated("A man with [fever]{diagnosis} got [aspirin]{pharmacological_therapy} at once.", source_id="w")
    missing = annotated("The patient had cough and took [ibuprofen]{pharmacological_therapy} daily.", source_id="m")
    right = annotated(TEXTS[0], source_id="r")
    suspect = LabelErrors([*pairs_of(annotated, *TEXTS), wrong, missing, right])
    found = dict(zip(("wrong", "missing", "right"), suspect([wrong, missing, right]), strict=True))
    assert found["wrong"].surprise > found["right"].surprise + 1
    assert found["missing"].surprise > found["right"].surprise + 1
    assert (found["wrong"].stretches, found["missing"].stretches, found["right"].stretches) == (1, 1, 0)


def test_the_same_layers_are_equally_suspect_again(annotated):
    pairs = pairs_of(annotated, *TEXTS, rounds=3)
    assert LabelErrors(pairs, seed=3)(pairs) == LabelErrors(list(reversed(pairs)), seed=3)(pairs)


def test_too_little_to_learn_from_makes_nothing_suspect(annotated):
    pair = annotated("nothing to see here")
    assert [one.surprise for one in LabelErrors([pair])([pair])] == [0.0]


def test_words_have_the_category_that_covers_them(annotated):
    record, layer = annotated("no [chest pain]{signs_symptoms}, [40]{age}-year-old")
    places = words_of(record.text)
    assert labels_of(places, layer) == ["", "signs_symptoms", "signs_symptoms", "", "age", "", "", "", ""]

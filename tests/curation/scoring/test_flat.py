"""The flat view: its words, ROUGE by hand, and what is valid."""

from __future__ import annotations

import pytest

from curation.scheme import Scheme
from curation.scoring.flat import parse_flat, score_flat
from curation.scoring.words import WordTokenizer


def flat(scheme: Scheme, **facts: str) -> dict[str, str]:
    return {name: facts.get(name, "N/A") for name in scheme.names}


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Rückenschmerzen", "de", ["ruckenschmerz"]),
        ("fevers of 38.5 °C", "en", ["fever", "of", "38.5", "c"]),
        ("Größe 1,80 m", "de", ["gross", "1,80", "m"]),
        ("TNFα-Blocker", "xx", ["tnfα", "blocker"]),
    ],
)
def test_words_are_whole_in_any_language(text: str, language: str, words: list[str]) -> None:
    assert WordTokenizer(language).tokenize(text) == words


def test_rouge_of_the_flat_view_by_hand(scheme: Scheme) -> None:
    gold = flat(scheme, diagnosis="acute pulmonary embolism", age="54")
    predicted = flat(scheme, diagnosis="pulmonary embolism", age="54")
    scores = score_flat({"r": gold}, {"r": predicted}, scheme=scheme)
    diagnosis = scores.per_category["diagnosis"]
    assert (diagnosis.rouge1, diagnosis.rouge2, diagnosis.rougeL) == pytest.approx((0.8, 2 / 3, 0.8))
    assert diagnosis.exact == 0
    assert scores.per_category["age"].model_dump() == {
        "rouge1": 1,
        "rouge2": None,
        "rougeL": 1,
        "exact": 1,
        "pairs": 1,
        "invented": 0,
    }
    assert (scores.micro.rouge1, scores.micro.rouge2, scores.micro.exact) == pytest.approx((0.9, 2 / 3, 0.5))
    assert list(scores.per_category) == ["age", "diagnosis"]


def test_the_language_chooses_the_stemmer(scheme: Scheme) -> None:
    gold, predicted = flat(scheme, diagnosis="Blutungen"), flat(scheme, diagnosis="Blutung")
    english = score_flat({"r": gold}, {"r": predicted}, scheme=scheme)
    german = score_flat({"r": gold}, {"r": predicted}, scheme=scheme, languages={"r": "de"})
    assert (english.micro.rouge1, german.micro.rouge1) == (0, 1)


def test_inventions_score_nothing_and_absence_on_both_sides_is_left_out(scheme: Scheme) -> None:
    gold = flat(scheme, age="54")
    predicted = flat(scheme, age="54", diagnosis="sepsis")
    scores = score_flat({"r": gold}, {"r": predicted}, scheme=scheme)
    assert (scores.per_category["diagnosis"].rouge1, scores.per_category["diagnosis"].invented) == (0, 1)
    assert (scores.micro.pairs, scores.micro.rouge1) == (2, 0.5)
    empty = score_flat({"r": flat(scheme)}, {"r": flat(scheme)}, scheme=scheme)
    assert (empty.micro.pairs, empty.micro.rouge1, empty.validity) == (0, None, 1)


def test_facts_in_another_order_are_an_exact_match(scheme: Scheme) -> None:
    gold, predicted = flat(scheme, diagnosis="Sepsis; gout"), flat(scheme, diagnosis="gout; sepsis")
    assert score_flat({"r": gold}, {"r": predicted}, scheme=scheme).micro.exact == 1


@pytest.mark.parametrize("other", ["Ru\u0308ckenschmerz", "Rücken\u00adschmerz", "Rücken\u200bSchmerz"])
def test_the_same_wording_in_another_unicode_form_is_an_exact_match(scheme: Scheme, other: str) -> None:
    gold, predicted = flat(scheme, diagnosis="Rückenschmerz"), flat(scheme, diagnosis=other)
    scores = score_flat({"r": gold}, {"r": predicted}, scheme=scheme, languages={"r": "de"})
    assert (scores.micro.rouge1, scores.micro.exact) == (1, 1)


def test_an_exponent_is_no_figure_of_an_exact_match(scheme: Scheme) -> None:
    gold, predicted = flat(scheme, laboratory_values="10²"), flat(scheme, laboratory_values="102")
    assert score_flat({"r": gold}, {"r": predicted}, scheme=scheme).micro.exact == 0


def test_an_answer_that_cannot_be_parsed_scores_nothing_and_is_counted(scheme: Scheme) -> None:
    gold = flat(scheme, age="54")
    scores = score_flat({"a": gold, "b": gold, "c": gold}, {"a": gold, "b": "Here is the JSON: {"}, scheme=scheme)
    assert (scores.micro.rouge1, scores.validity) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert scores.problems == {"not JSON": 1, "no answer": 1}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"age": ["54"]}, "not all strings"),
        ({"age": ""}, "not all strings"),
        ({"age": "54; N/A"}, "N/A beside facts"),
        ({"age": "N/A."}, None),
        ({"height": "180"}, "other keys"),
    ],
)
def test_exact_validity(scheme: Scheme, change: dict[str, object], problem: str | None) -> None:
    view, found = parse_flat({**flat(scheme, age="54"), **change}, scheme)  # type: ignore[dict-item]
    assert found == problem
    assert (view is None) == (problem is not None)


@pytest.mark.parametrize("answer", ["[]", '"N/A"', "3", "null"])
def test_only_an_object_is_valid(scheme: Scheme, answer: str) -> None:
    assert parse_flat(answer, scheme) == (None, "not an object")

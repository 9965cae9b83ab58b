"""Candidates for entities."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.few_shot.candidates import LONGEST_CLAUSE, candidates
from curation.markup import parse_markup
from curation.text.tokens import read


def wordings(text: str, language: str = "en") -> list[str]:
    return [text[one.start : one.end] for one in candidates(read(text, language), language)]


@pytest.mark.parametrize(
    ("language", "marked"),
    [
        ("en", "She presented with [crushing chest pain]{x}, [nausea]{x} and [swelling of the left leg]{x}."),
        ("en", "[Haemoglobin 7.9 g/dL]{x}; [CT of the abdomen]{x} showed [a large mass in the liver]{x}."),
        ("en", "A [54-year-old]{x} [woman]{x} was diagnosed with [acute pulmonary embolism]{x}."),
        ("en", "He was treated with [aspirin 100 mg orally]{x} and [discharged home on day 6]{x}."),
        (
            "de",
            "Sie kam mit [drückenden Brustschmerzen]{x}, [Übelkeit]{x} und [Schwellung des linken Beins]{x}.",
        ),
        ("de", "[Hämoglobin 7,9 g/dl]{x}; das [CT des Abdomens]{x} zeigte [eine große Raumforderung]{x}."),
        ("de", "Der [54-jährige]{x} [Patient]{x} hatte [eine akute Lungenembolie]{x}."),
    ],
)
def test_each_entity_has_a_candidate_much_like_it(language: str, marked: str) -> None:
    text, entities = parse_markup(marked)
    found = candidates(read(text, language), language)
    for entity in entities:
        assert any(
            min(one.end, entity.end) - max(one.start, entity.start)
            >= 0.6 * (max(one.end, entity.end) - min(one.start, entity.start))
            for one in found
        ), entity.text


def test_phrases_lose_articles_prepositions_and_lead_ins() -> None:
    found = wordings("He complained of a severe headache.")
    assert "severe headache" in found
    assert not any(one.startswith(("a ", "of ", "complained")) for one in found if one != found[0])


def test_each_place_is_a_candidate_once_in_order() -> None:
    words = read("Fever and cough. Fever and cough of the lung.", "en")
    places = [(one.start, one.end) for one in candidates(words, "en")]
    assert places == sorted(set(places))


def test_clauses_that_are_too_long_are_left_out() -> None:
    text = " ".join(f"alpha{number}" for number in range(LONGEST_CLAUSE + 1)) + "."
    assert wordings(text) == []


@pytest.mark.parametrize("text", ["", "   ", "\r\n", ".,;:-", "\ud800"])
def test_texts_without_words_have_no_candidates(text: str) -> None:
    assert [one for one in wordings(text) if one.isalnum()] == []


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(st.text(max_size=150), st.sampled_from(["en", "de", "fr"]))
def test_candidates_lie_in_their_sentences(text: str, language: str) -> None:
    words = read(text, language)
    for one in candidates(words, language):
        first, after = words.sentences[one.sentence]
        assert words.starts[first] <= one.start < one.end <= words.ends[after - 1]

"""What a patient brings along does not contradict itself."""

from __future__ import annotations

import random

import pytest

from curation.generate.catalogue import Chapter, chapters
from curation.generate.patient_history import PatientHistory, shared
from curation.generate.phrase import Phrase
from curation.generate.sampler import Sampler
from curation.generate.template import load_sentences


def brought(chapter: Chapter, seed: int) -> PatientHistory:
    return PatientHistory(Sampler(random.Random(seed), sex=0), chapter, years=40, sex=0)


def test_parents_are_healthy_only_where_no_disease_is_told_of_the_family() -> None:
    healthy = 0
    for chapter in chapters():
        for seed in range(15):
            told = [phrase.en for phrase in brought(chapter, seed).family()]
            if "both parents healthy" in told:
                assert told == ["both parents healthy"]
                healthy += 1
    assert healthy > 20


@pytest.mark.parametrize(
    ("family", "never"),
    [
        ("mother with breast cancer at 50 = Mutter mit Brustkrebs", "cancer"),
        ("father died of a stroke at 61 = Vater an einem Schlaganfall verstorben", "cardiovascular disease"),
        ("sister with hypothyroidism = Schwester mit Hypothyreose", "autoimmune disease"),
    ],
)
def test_what_one_of_the_family_has_is_not_told_as_absent_in_it(family: str, never: str) -> None:
    told = [
        phrase.en
        for chapter in chapters()
        for seed in range(5)
        for phrase in brought(chapter, seed).none_in_family([Phrase.parse(family)])
    ]
    assert len(told) > 100
    assert never not in told


def test_long_words_are_shared_by_their_beginning() -> None:
    assert shared("sudden cardiac death", "brother died suddenly at 20")
    assert not shared("cystic fibrosis", "father with asthma")


def test_sentences_about_the_family_do_not_judge_what_they_tell() -> None:
    for language in ("en", "de"):
        for found in load_sentences(language).templates[0]["family"].values():
            text = " ".join(part for one in found for part in one.parts if isinstance(part, str)).lower()
            assert not [word for word in ("auffällig", "relevant", "of note", "positive") if word in text]

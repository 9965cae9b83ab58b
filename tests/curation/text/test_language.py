from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import UsageError
from curation.text.language import confidences, detect, sample_confidences, samples

TEXTS = {
    "en": "The patient was admitted with shortness of breath and swollen legs.",
    "de": "Die Patientin wurde mit Atemnot und geschwollenen Beinen aufgenommen.",
    "fr": "La patiente a été admise pour un essoufflement et des jambes enflées.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_a_sentence_is_enough(language: str) -> None:
    found = detect(TEXTS[language])
    assert found.language == language
    assert found.confidence > 0.9


@pytest.mark.parametrize("text", ["", " \n", "12/34", "…", "日本語の文章です", "x" * 1_000_000, "\ud800", "\u202e"])
def test_what_tells_nothing_is_not_guessed_with_confidence(text: str) -> None:
    assert detect(text).confidence < 0.6


def test_a_text_in_two_languages_shows_both() -> None:
    mixed = TEXTS["en"] * 8 + TEXTS["de"] * 8
    (told,) = sample_confidences([mixed])
    assert {max(found, key=lambda name: found[name]) for found in told} == {"en", "de"}
    found = confidences(mixed, languages=("en", "de"))
    assert sum(found.values()) == pytest.approx(1)
    assert max(found.values()) < 0.9


def test_many_texts_at_once_are_told_as_each_alone() -> None:
    texts = [*TEXTS.values(), "", "12/34", "fever \ud800 and chills", TEXTS["en"] * 20]
    at_once = sample_confidences(texts)
    assert [len(told) for told in at_once] == [1, 1, 1, 0, 0, 1, 3]
    for text, told in zip(texts, at_once, strict=True):
        (alone,) = sample_confidences([text])
        for ours, its in zip(told, alone, strict=True):
            assert ours == pytest.approx(its)


def test_samples_reach_from_the_beginning_to_the_end() -> None:
    text = "".join(chr(33 + place % 90) for place in range(10_000))
    assert samples("  short ") == ["short"]
    first, _, last = samples(text)
    assert text.startswith(first)
    assert text.endswith(last)
    for length in (199, 299, 301, 449, 600):
        parts = samples(text[:length])
        assert length <= sum(map(len, parts)) < length + len(parts)
        assert text[:length].endswith(parts[-1])


def test_an_unknown_code_and_a_single_language_are_refused() -> None:
    with pytest.raises(UsageError, match="got xx"):
        detect("fever", languages=("en", "xx"))
    with pytest.raises(UsageError, match="at least two languages"):
        detect("fever", languages=("en",))


@given(st.text(max_size=400))
def test_any_text_gives_probabilities_or_nothing(text: str) -> None:
    found = confidences(text)
    assert found == {} or sum(found.values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.data
def test_real_case_reports_are_english(shared_data: Path) -> None:
    with (shared_data / "e3c" / "case_reports_en.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(300), strict=False)]
    assert {detect(text).language for text in texts} == {"en"}


@pytest.mark.data
def test_real_letters_are_german(shared_data: Path) -> None:
    lines = (shared_data / "grascco" / "phi_de.jsonl").read_text(encoding="utf-8").splitlines()
    assert {detect(json.loads(line)["text"]).language for line in lines} == {"de"}

"""ROUGE against Google's `rouge-score`, under each profile, and what each profile calls a word."""

from __future__ import annotations

from random import Random

import pytest
from rouge_score.rouge_scorer import RougeScorer as Original

from curation.errors import MissingExtraError
from curation.scoring import rouge
from curation.scoring.rouge import FAST, ORIGINAL_LIBRARY, ROUGE, RougeScorer, rouge_profiles
from curation.scoring.words import WordTokenizer
from curation.settings import RougeProfile

WORDS = (
    "the a patient patients pain pains Rückenschmerzen 1,2 1.2 10 mg, fever; fevers Straße STRASSE β-blocker".split()
)


def texts(seed: int, number: int = 80) -> list[str]:
    """Texts of up to a dozen words in up to three lines, some of them empty."""
    random = Random(seed)
    lines = [
        [random.choices(WORDS, k=random.randint(0, 6)) for _ in range(random.randint(0, 3))] for _ in range(number)
    ]
    return ["\n".join(" ".join(words) for words in text) for text in lines]


@pytest.mark.parametrize("library", [FAST, ORIGINAL_LIBRARY])
@pytest.mark.parametrize("profile", [RougeProfile.ORIGINAL, RougeProfile.SNOWBALL])
def test_the_figures_are_those_of_rouge_score(profile: RougeProfile, library: str) -> None:
    tokenizer = WordTokenizer("de") if profile is RougeProfile.SNOWBALL else None
    theirs = Original(list(ROUGE), use_stemmer=True, tokenizer=tokenizer)
    ours = RougeScorer("de", profile, library=library)
    golds, predictions = texts(1), texts(2)
    expected = [
        {name: score.fmeasure for name, score in theirs.score(gold, predicted).items()}
        for gold, predicted in zip(golds, predictions, strict=True)
    ]
    assert ours.scores(golds, predictions) == expected
    assert [ours.score(*pair) for pair in zip(golds, predictions, strict=True)] == expected


@pytest.mark.parametrize(
    ("profile", "gold", "predicted", "rouge1"),
    [
        (RougeProfile.UNICODE, "Straße", "STRASSE", 1),
        (RougeProfile.UNICODE, "h\u00f6ren", "ho\u0308ren", 1),
        (RougeProfile.UNICODE, "hören", "hüren", 0),
        (RougeProfile.ORIGINAL, "hören", "hüren", 1),
        (RougeProfile.SNOWBALL, "Blutungen", "Blutung", 1),
        (RougeProfile.UNICODE, "Blutungen", "Blutung", 0),
        (RougeProfile.SNOWBALL, "1,2", "1.2", 0),
        (RougeProfile.ORIGINAL, "1,2", "1.2", 1),
    ],
)
def test_what_a_word_is_depends_on_the_profile(profile: RougeProfile, gold: str, predicted: str, rouge1: float) -> None:
    assert RougeScorer("de", profile).score(gold, predicted)["rouge1"] == rouge1


def test_each_line_is_a_sentence_of_lsum_and_their_order_does_not_matter() -> None:
    found = RougeScorer("en").score("acute gout\nsevere sepsis", "severe sepsis\nacute gout")
    assert (found["rougeL"], found["rougeLsum"]) == (1 / 2, 1)


def test_a_figure_is_given_with_its_profile_and_library() -> None:
    assert RougeScorer("de", RougeProfile.UNICODE).signature.startswith("unicode-v1, rouge-score-rs ")
    assert RougeScorer("de", library=ORIGINAL_LIBRARY).signature.startswith("snowball-v1, rouge-score 0")


def test_without_the_fast_library_the_original_counts_and_its_profile_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rouge, "find_spec", lambda name: None if name == FAST else object())
    assert RougeScorer("en").library == ORIGINAL_LIBRARY
    assert rouge_profiles() == (RougeProfile.SNOWBALL, RougeProfile.ORIGINAL)
    with pytest.raises(MissingExtraError, match=r"clincurate\[scores\]"):
        RougeScorer("en", RougeProfile.UNICODE)
    monkeypatch.setattr(rouge, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"clincurate\[train\]"):
        RougeScorer("en")

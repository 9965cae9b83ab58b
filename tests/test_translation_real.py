"""The benchmark of real translations: which sentences, and how well checks tell the bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from translation_real_parts.sentences import FILES, sentences
from translation_real_parts.telling import area, findings, suspicions, together

from curation.models.prompt import Prompt
from curation.scheme import load_scheme
from validation.settings import ValidationSettings
from validation.translation import columns

PROMPT = Path(__file__).parents[1] / "benchmarks" / "translation_real_parts" / "few-shot.v1.jinja"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    said = [f"Sentence number {number} of the trial with its result." for number in range(20)]
    said[3:5] = ["RESULTS", said[0]]  # a heading, and one that is there twice
    for language in ("en", "de"):
        file = tmp_path / f"{FILES}.{language}"
        file.parent.mkdir(exist_ok=True)
        text = "\n".join(said).replace("Sentence", "Satz") if language == "de" else "\n".join(said)
        file.write_text(text + "\n", encoding="utf-8")
    return tmp_path


def test_sentences_are_spread_over_the_file_each_once_without_headings(data):
    found = sentences(data, 6)
    assert [record.text.split()[2] for record, _ in found] == ["0", "5", "8", "11", "14", "17"]
    assert all(reference == record.text.replace("Sentence", "Satz") for record, reference in found)
    everything = sentences(data, 100)
    assert len({record.id for record, _ in everything}) == len(everything) == 18
    assert [pair for pair in everything if pair in found] == found


def test_without_the_data_it_says_which_files_it_needs(tmp_path):
    with pytest.raises(SystemExit, match=r"en-de\.en and .*en-de\.de, they are not there"):
        sentences(tmp_path, 3)


def test_the_area_is_the_chance_that_a_bad_one_stands_out():
    bad = [True, True, False, False]
    assert area([4, 3, 2, 1], bad) == 1
    assert area([1, 2, 3, 4], bad) == 0
    assert area([4, None, 1, 4], bad) == 0.75
    assert area([1, 1, 1, 1], bad) is None
    assert area([None] * 4, bad) is None
    assert area([1, 2], [True, True]) is None


def test_together_no_translation_is_judged_by_what_was_learnt_from_it():
    bad = [number % 4 == 0 for number in range(80)]
    telling, noise = [float(is_bad) for is_bad in bad], [float(number * 37 % 11) for number in range(80)]
    assert together([telling, noise, [None] * 80], bad) == 1
    alone = together([noise], bad)
    assert alone is not None
    assert alone < 0.8
    assert together([noise[:1]], bad[:1]) is None


def test_each_rule_on_texts_gives_more_to_what_is_worse():
    worse = {
        columns.NUMBERS_CHANGED: 2,
        columns.TRANSLATED_RATIO: 0.5,
        columns.TRANSLATION_LENGTH: 3.0,
        columns.TRANSLATION_SIMILARITY_LEAST: 0.1,
        columns.ALIGNED_SHARE: 0.2,
    }
    better = {
        columns.NUMBERS_CHANGED: 0,
        columns.TRANSLATED_RATIO: 1.0,
        columns.TRANSLATION_LENGTH: 1.0,
        columns.TRANSLATION_SIMILARITY_LEAST: 0.9,
        columns.ALIGNED_SHARE: 1.0,
    }
    settings, scheme = ValidationSettings(), load_scheme()
    found = {check.name: (check.of(worse), check.of(better)) for check in suspicions()}
    said = {name for name, (bad, good) in found.items() if bad is not None and good is not None and bad > good}
    failed = {"translated", "numbers_translated", "length_translated", "meaning_translated"}
    assert said == {*failed, "sentences paired"}
    assert {"entities_translated", "original_present"}.isdisjoint(found)
    assert set(findings(worse, settings, scheme)) == failed
    assert findings(better, settings, scheme) == []


def test_the_prompt_can_be_filled_and_asks_for_translations():
    prompt = Prompt(str(PROMPT), load_scheme())
    assert prompt.style == "translate"
    prompt.check("en")

"""The shipped sample is what the documentation promises, and its gold is sound."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from rapidfuzz import fuzz

from curation.errors import SourceError, UsageError
from curation.record import Assertion, Layer, Record, check_layer, record_id
from curation.scheme import Scheme
from curation.sources.sample import read_sample

Sample = list[tuple[Record, Layer]]

#: The three ways in which a text may end a mark with a full stop.
ABBREVIATION = re.compile(r"\b(?:i\.v|p\.o|s\.c)\.$")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return list(read_sample())


@pytest.fixture(scope="module")
def english(sample: Sample) -> Sample:
    return [(record, layer) for record, layer in sample if record.language == "en"]


@pytest.fixture(scope="module")
def german(sample: Sample) -> Sample:
    return [(record, layer) for record, layer in sample if record.language == "de"]


def categories(layer: Layer) -> Counter[tuple[str, Assertion]]:
    return Counter((entity.category, entity.assertion) for entity in layer.entities)


def write_case(folder: Path, content: str, *, language: str = "en") -> Path:
    path = folder / language / "cardiology-01.txt"
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_the_sample_is_as_large_as_promised(english: Sample, german: Sample) -> None:
    assert len(english) >= 64
    assert len(german) >= 26
    assert len({record.meta["specialty"] for record, _ in english}) >= 14
    assert len({record.meta["style"] for record, _ in english}) >= 5


def test_lengths_run_from_eighty_to_four_hundred_words(english: Sample, german: Sample) -> None:
    lengths = sorted(len(record.text.split()) for record, _ in english)
    assert lengths[0] >= 80
    assert lengths[-1] <= 400
    assert sum(length <= 110 for length in lengths) >= 8
    assert sum(150 <= length <= 220 for length in lengths) >= 18
    assert sum(length > 300 for length in lengths) >= 8
    assert all(80 <= len(record.text.split()) <= 400 for record, _ in german)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_category_occurs_often(language: str, sample: Sample, scheme: Scheme) -> None:
    counts = Counter(
        entity.category for record, layer in sample if record.language == language for entity in layer.entities
    )
    assert set(counts) == set(scheme.names)
    assert min(counts.values()) >= 15


def test_negated_family_and_possible_findings_occur_in_the_sample(sample: Sample) -> None:
    counts = Counter(entity.assertion for _, layer in sample for entity in layer.entities)
    for assertion in (Assertion.NEGATED, Assertion.FAMILY, Assertion.POSSIBLE):
        assert counts[assertion] >= 5


def test_every_layer_fits_its_record_and_the_scheme(sample: Sample, scheme: Scheme) -> None:
    for record, layer in sample:
        assert check_layer(record, layer, categories=scheme.by_name) is layer
        assert (layer.name, layer.author) == ("gold", "gold")


def test_family_history_is_of_the_family_or_absent(sample: Sample) -> None:
    for record, layer in sample:
        for entity in layer.entities:
            in_family = entity.category == "family_history"
            if in_family:
                assert entity.assertion in (Assertion.FAMILY, Assertion.NEGATED), record.group
            assert in_family or entity.assertion is not Assertion.FAMILY, record.group


def test_age_and_gender_stand_once_in_every_case(sample: Sample) -> None:
    for record, layer in sample:
        counts = Counter(entity.category for entity in layer.entities)
        assert (counts["age"], counts["gender"]) == (1, 1), record.group


def test_marks_stand_apart_and_end_with_a_word(sample: Sample) -> None:
    for record, layer in sample:
        for left, right in zip(layer.entities, layer.entities[1:], strict=False):
            assert left.end <= right.start, record.group
        for entity in layer.entities:
            assert entity.text == entity.text.strip(" \n\t,;:"), record.group
            assert not entity.text.endswith(".") or ABBREVIATION.search(entity.text), record.group


def test_articles_and_pronouns_stay_outside_the_marks(english: Sample) -> None:
    for record, layer in english:
        for entity in layer.entities:
            assert not re.match(r"(?:the|an?|s?he|his|her) ", entity.text, re.IGNORECASE), record.group


def test_no_markup_is_left_in_a_text(sample: Sample) -> None:
    for record, _ in sample:
        assert not re.search(r"[\[\]{}]", record.text), record.group
        assert record.text == record.text.strip()


def test_a_translation_has_the_same_entities_as_its_original(english: Sample, german: Sample) -> None:
    originals = {record.group: (record, layer) for record, layer in english}
    for record, layer in german:
        original, gold = originals[record.group]
        assert record.translation_of == original.id
        assert layer.provenance == {"made": "written with its gold", "translation_of": original.id}
        assert categories(layer) == categories(gold), record.group
        assert record.meta == original.meta


def test_german_numbers_have_a_decimal_comma(german: Sample) -> None:
    for record, _ in german:
        decimals = re.findall(r"(?<![\d.])\d+\.\d+(?![\d.])", record.text)
        assert decimals == [], record.group


def test_translations_say_the_same_numbers(english: Sample, german: Sample) -> None:
    originals = {record.group: layer for record, layer in english}
    for record, layer in german:
        assert laboratory_numbers(layer) == laboratory_numbers(originals[record.group]), record.group


def laboratory_numbers(layer: Layer) -> Counter[str]:
    """The numbers of the laboratory values, written the same way in both languages."""
    return Counter(
        number.replace(",", ".").rstrip(".")
        for entity in layer.entities
        if entity.category == "laboratory_values"
        for number in re.findall(r"\d[\d.,]*", re.sub(r"(?<=\d),(?=\d{3}\b)", "", entity.text))
    )


def test_ids_and_groups_hold_the_two_languages_together(sample: Sample) -> None:
    assert len({record.id for record, _ in sample}) == len(sample)
    for record, _ in sample:
        assert record.id == record_id(record.text, language=record.language, source_id=record.group)
        assert (record.source, record.licence) == ("sample", "Apache-2.0")
        assert record.meta["source_id"] == record.group


def test_no_two_texts_are_nearly_the_same(english: Sample) -> None:
    for (left, _), (right, _) in combinations(english, 2):
        assert fuzz.ratio(left.text, right.text) < 80, (left.group, right.group)


def test_texts_name_no_dates_and_no_titles(sample: Sample) -> None:
    named = re.compile(
        r"\b(?:Dr|Prof|Mr|Mrs|Ms|Herr|Herrn)\.? [A-ZÄÖÜ]|\b\d{1,2}\.\d{1,2}\.\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b"
    )
    for record, _ in sample:
        assert not named.search(record.text), record.group


def test_languages_can_be_chosen(english: Sample) -> None:
    assert [record.id for record, _ in read_sample(["en"])] == [record.id for record, _ in english]


def test_german_alone_still_knows_its_originals(german: Sample) -> None:
    alone = list(read_sample(["de"]))
    assert [record for record, _ in alone] == [record for record, _ in german]


def test_reading_twice_gives_the_same_gold(sample: Sample) -> None:
    assert [layer.digest for _, layer in read_sample()] == [layer.digest for _, layer in sample]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="got fr"):
        list(read_sample(["fr"]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("specialty: cardiology\nstyle: narrative\n\nA [54-year-old]{age} [woman.\n", "stray"),
        ("specialty: cardiology\n\nA [54-year-old]{age} woman.\n", "style"),
        ("specialty: cardiology\nstyle: narrative\nmood: good\n\nA woman.\n", "mood"),
        ("specialty: cardiology\nstyle: narrative\n", "empty line"),
        ("specialty: cardiology\nstyle: narrative\n\nA [woman]{gender perhaps}.\n", "perhaps"),
    ],
)
def test_a_broken_case_is_named_by_its_file(content: str, said: str, tmp_path: Path) -> None:
    path = write_case(tmp_path, content)
    with pytest.raises(SourceError, match=said) as caught:
        list(read_sample(["en"], folder=tmp_path))
    assert str(path) in str(caught.value)


def test_a_translation_without_its_original_is_refused(tmp_path: Path) -> None:
    write_case(tmp_path, "specialty: cardiology\nstyle: narrative\n\nEine [Frau]{gender}.\n", language="de")
    with pytest.raises(SourceError, match=r"cardiology-01\.txt"):
        list(read_sample(["de"], folder=tmp_path))

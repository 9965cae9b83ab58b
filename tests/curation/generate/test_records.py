"""The generator as its callers see it: records with gold, the same for the same seed, in two languages."""

from __future__ import annotations

import random
import re
from collections import Counter
from itertools import islice, pairwise

import pytest

from curation.errors import UsageError
from curation.generate import generate
from curation.generate.case import Measurement, PatientCase
from curation.generate.case_sampler import sample_case
from curation.generate.catalogue import chapters
from curation.generate.discourse_plans import PLANS
from curation.generate.records import realise
from curation.record import Assertion, Layer, Record, check_layer
from curation.scheme import load_scheme

CASES = 250
Told = list[tuple[Record, Layer]]


@pytest.fixture(scope="module")
def told() -> Told:
    return list(generate(CASES, seed=7))


def of(told: Told, language: str) -> Told:
    return [(record, layer) for record, layer in told if record.language == language]


def test_every_case_is_told_once_in_each_language(told: Told) -> None:
    assert Counter(record.language for record, _ in told) == {"en": CASES, "de": CASES}
    assert len({record.id for record, _ in told}) == 2 * CASES
    assert len({record.group for record, _ in told}) == CASES


def test_the_german_record_is_the_translation_of_the_english_one(told: Told) -> None:
    for (english, _), (german, _) in zip(of(told, "en"), of(told, "de"), strict=True):
        assert english.translation_of is None
        assert german.translation_of == english.id
        assert german.group == english.group
        assert german.meta == english.meta


def test_german_alone_is_told_as_beside_english(told: Told) -> None:
    alone = list(generate(20, languages=["de"], seed=7))
    beside = of(told, "de")[:20]
    assert [record.model_copy(update={"translation_of": None}) for record, _ in beside] == [
        record for record, _ in alone
    ]
    assert [layer for _, layer in beside] == [layer for _, layer in alone]


def test_the_same_seed_gives_the_same_records_and_another_seed_others(told: Told) -> None:
    assert list(generate(15, seed=7)) == told[:30]
    other = [record.text for record, _ in generate(15, seed=8)]
    assert not set(other) & {record.text for record, _ in told}


def test_records_stream_without_end_being_drawn_first() -> None:
    assert len(list(islice(generate(10**9), 4))) == 4


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
def test_gold_stands_exactly_where_it_says(noise: float) -> None:
    categories = load_scheme().by_name
    for record, layer in generate(120, seed=3, noise=noise):
        check_layer(record, layer, categories=categories)
        spans = [entity.spans[0] for entity in layer.entities]
        assert all(left[1] <= right[0] for left, right in pairwise(spans))
        assert all(entity.text == entity.text.strip() for entity in layer.entities)


def test_noise_changes_words_but_never_figures() -> None:
    clean, rough = generate(60, seed=3), generate(60, seed=3, noise=1.0)
    changed = 0
    for (before, before_layer), (after, after_layer) in zip(clean, rough, strict=True):
        changed += before.text != after.text
        assert re.findall(r"\d", before.text) == re.findall(r"\d", after.text)
        assert [entity.category for entity in before_layer.entities] == [
            entity.category for entity in after_layer.entities
        ]
    assert changed > 110


def test_all_categories_and_the_three_assertions_occur(told: Told) -> None:
    entities = [entity for _, layer in told for entity in layer.entities]
    assert {entity.category for entity in entities} == set(load_scheme().names)
    assert {entity.assertion for entity in entities} == {
        Assertion.PRESENT,
        Assertion.NEGATED,
        Assertion.POSSIBLE,
        Assertion.FAMILY,
    }


def test_both_languages_tell_the_same_facts(told: Told) -> None:
    for (english, left), (_, right) in zip(of(told, "en"), of(told, "de"), strict=True):
        facts = [Counter((one.category, one.assertion) for one in layer.entities) for layer in (left, right)]
        assert facts[0] == facts[1], english.meta


def test_every_record_names_age_gender_diagnosis_and_outcome_once_or_more(told: Told) -> None:
    for _, layer in told:
        count = Counter(entity.category for entity in layer.entities)
        assert count["age"] == count["gender"] == 1
        assert count["diagnosis"] >= 1
        assert count["patient_outcome_assessment"] >= 1


def test_records_say_that_they_are_synthetic(told: Told) -> None:
    record, layer = told[0]
    assert (record.source, record.licence) == ("generated", "CC0-1.0")
    assert record.meta["synthetic"] is True
    assert record.meta["seed"] == 7
    assert (layer.name, layer.author) == ("gold", "generator@1")


def test_lengths_are_those_of_clinical_summaries(told: Told) -> None:
    words = [len(record.text.split()) for record, _ in told]
    assert sum(80 <= one <= 400 for one in words) / len(words) > 0.9
    assert max(words) < 500


def test_texts_vary(told: Told) -> None:
    texts = [record.text for record, _ in of(told, "en")]
    assert len(set(texts)) == len(texts)
    openings = Counter(" ".join(text.split()[-6:]) for text in texts)
    assert openings.most_common(1)[0][1] < len(texts) * 0.1
    words = [word for text in texts for word in text.lower().split()]
    trigrams = list(zip(words, words[1:], words[2:], strict=False))
    assert len(set(trigrams)) / len(trigrams) > 0.3


def test_every_plan_is_used(told: Told) -> None:
    plans = Counter(record.meta["plan"] for record, _ in told)
    assert set(plans) == set(PLANS)
    assert min(plans.values()) > CASES * 2 / len(PLANS) / 2


def test_conditions_and_specialties_are_many() -> None:
    assert len(chapters()) >= 120
    assert len({chapter.specialty for chapter in chapters()}) >= 12


def readings(case: PatientCase) -> list[Measurement]:
    return [*case.labs, *case.normal, *case.vitals]


def test_every_condition_is_told_in_both_languages_with_values_in_range() -> None:
    categories = load_scheme().by_name
    for index, chapter in enumerate(chapters()):
        case = sample_case(random.Random(index), chapter)
        for reading in readings(case):
            span = chapter.condition.labs.get(reading.key, reading.analyte.normal)
            assert span.low <= reading.value <= span.high, (chapter.condition.id, reading.key)
            assert not reading.second or reading.second < reading.value
        assert any(span.low <= case.age <= span.high and span.unit == case.age_unit for span in chapter.condition.ages)
        for record, layer in realise(case, index, ("en", "de"), seed=0):
            check_layer(record, layer, categories=categories)


def test_patients_have_the_sex_of_their_condition() -> None:
    for chapter in chapters():
        sexes = {"male": {0}, "female": {1}, "any": {0, 1}}[chapter.condition.sex]
        assert {sample_case(random.Random(seed), chapter).sex for seed in range(12)} <= sexes


SPEECH = re.compile(
    r"\b(?:denie[sd]|complain(?:s|ed) of|(?:he|she|patient|boy|girl|man|woman) (?:\w+ )?(?:reported|told us)"
    r"|did not report|Reports|own account|[Kk]lagt(?:e|en)?|verneinte|(?<!Eltern )verneint|[Nn]ach eigenen Angaben"
    r"|(?:Er|Sie|er|sie|Patient|Patientin|Junge|Mädchen) (?:berichtete|gab .* an\b|hatte .* bemerkt))"
)


@pytest.mark.long
def test_nobody_speaks_in_a_coma_in_catatonia_or_as_an_infant() -> None:
    silent = speaking = 0
    for index, chapter in enumerate(chapters()):
        for seed in range(6):
            case = sample_case(random.Random(seed * 1000 + index), chapter)
            scores = [reading.value for reading in case.vitals if reading.key == "gcs"]
            if case.condition == "catatonia" or case.years < 4 or min(scores, default=15) < 13:
                assert not case.speaks
            texts = [record.text for record, _ in realise(case, index, ("en", "de"), seed=seed)]
            heard = [found[0] for text in texts for found in SPEECH.finditer(text)]
            silent += not case.speaks
            speaking += bool(heard)
            assert case.speaks or not heard, (case.condition, heard)
    assert silent > 60
    assert speaking > 300


def test_a_score_that_is_not_told_may_have_been_low() -> None:
    chapter = next(one for one in chapters() if one.condition.id == "opioid_overdose")
    cases = [sample_case(random.Random(seed), chapter) for seed in range(40)]
    assert {any(reading.key == "gcs" for reading in case.vitals) for case in cases} == {True, False}
    assert not any(case.speaks for case in cases)


def test_texts_hold_no_notation(told: Told) -> None:
    for record, _ in told:
        assert not re.search(r"[~|{}<>\[\]]|\^(?!\d)|  |\.\.|,,| ,", record.text), record.meta


def test_german_figures_have_a_decimal_comma(told: Told) -> None:
    for record, layer in of(told, "de"):
        for entity in layer.entities:
            if entity.category == "laboratory_values":
                assert not re.search(r"\d\.\d{1,2}(?!\d)", entity.text), record.meta


def test_german_prepositions_and_articles_are_drawn_together(told: Told) -> None:
    for record, _ in of(told, "de"):
        assert not re.search(r"\b[Ii]n dem (?!\w+ (?:Lebens|Stadium))", record.text), record.meta
        assert not re.search(r"\bzu (?:dem|der) [A-ZÄÖÜ]", record.text), record.meta


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"records": -1}, "from 0 on"),
        ({"records": 1, "languages": ["fr"]}, "out of en, de"),
        ({"records": 1, "languages": []}, "at least one"),
        ({"records": 1, "languages": ["en", "en"]}, "at least one"),
        ({"records": 1, "noise": 1.5}, "from 0 to 1"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        list(generate(**options))  # type: ignore[arg-type]

"""One case told twice is found; two patients with one disease are not."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted_errors import fill

from curation.decision import Decision, Verdict
from curation.embeddings.encoder import load_encoder
from curation.embeddings.record_vectors import record_vectors
from curation.embeddings.vector_store import VectorStore
from curation.generate.case_sampler import sample_case
from curation.generate.records import realise
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.store import Store
from validation.measures.semantic.case_similarity import Facts
from validation.measures.semantic.duplicates import find_repeats
from validation.measures.semantic.neighbours import near_pairs
from validation.measures.semantic.numbers import agreement, numbers
from validation.settings import Severity, SimilaritySettings, ValidationSettings
from validation.verdict import judge

TOLD = (
    "A 67-year-old man came with crushing chest pain for 3 hours. His blood pressure was 152/94 mmHg. Troponin was "
    "840 ng/L. He received aspirin 300 mg and was taken to the catheter laboratory."
)
RETOLD = (
    "He was taken to the catheter lab and got aspirin 300 mg. A sixty-seven-year-old male had presented with crushing "
    "pain in the chest since 3 hours. Troponin measured 840 ng/L, BP 152/94 mmHg."
)
ANOTHER = (
    "A 58-year-old man came with crushing chest pain for 2 hours. His blood pressure was 138/82 mmHg. Troponin was "
    "415 ng/L. He received aspirin 300 mg and was taken to the catheter laboratory."
)


def note(id: str, text: str, language: str = "en") -> Record:
    return Record(id=id, group=id, source="test", language=language, text=text)


def repeats(records: list[Record], **options: int) -> list[tuple[str, str]]:
    known = {record.id: record for record in records}
    found = find_repeats(records, lambda ids: [known[id] for id in ids], load_encoder(), minimum=0.55, **options)
    return [(pair.left, pair.right) for pair in found.pairs]


@pytest.mark.model
def test_a_case_told_in_other_words_is_found_and_another_patient_is_not() -> None:
    records = [note("told", TOLD), note("other", ANOTHER), note("retold", RETOLD), note("empty", " ")]
    assert repeats(records) == [("told", "retold")]
    # The same by the graph that large sets are searched with.
    assert repeats(records, exact=0) == [("told", "retold")]


@pytest.mark.model
def test_a_record_in_another_language_is_no_repeat() -> None:
    assert repeats([note("told", TOLD), note("same", TOLD, "de")]) == []


def test_texts_without_telling_numbers_must_be_more_alike() -> None:
    assert Facts.of(note("a", TOLD)).needs(Facts.of(note("b", RETOLD)), 0.55) == 0.55
    assert Facts.of(note("a", TOLD)).needs(Facts.of(note("c", "Chest pain for 3 days.")), 0.55) == 0.8


@pytest.mark.model
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_generated_case_is_known_again_under_another_plan(language: str) -> None:
    records = []
    for number in range(3):
        case = sample_case(random.Random(f"semantic {number}"))
        other = "letter" if case.plan != "letter" else "ward_note"
        for seed, plan in enumerate((case.plan, other)):
            ((record, _),) = realise(replace(case, plan=plan), number, (language,), seed=seed)
            records.append(record)
    pairs = [(records[at].id, records[at + 1].id) for at in range(0, 6, 2)]
    assert repeats(records) == pairs


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("a fifty-six-year-old woman, 7.4 mmol/L twice in 14 days", "en", {"56", "7.4", "14"}),
        ("Die sechsundfünfzig Jahre alte Frau, 7,4 mmol/l, 3 Tage", "de", {"56", "7.4"}),
        ("quatre-vingt ans, 92/54", "fr", {"92", "54"}),
        ("nothing to count", "en", set()),
    ],
)
def test_numbers_are_read_in_figures_and_words(text: str, language: str, found: set[str]) -> None:
    assert numbers(text, language) == found


def test_numbers_agree_by_the_share_that_both_have() -> None:
    assert agreement(frozenset("ab"), frozenset("bc")) == pytest.approx(1 / 3)
    assert agreement(frozenset(), frozenset()) == 1


def test_the_graph_finds_what_comparing_all_finds() -> None:
    chance = np.random.default_rng(1)
    middles = chance.normal(size=(30, 48))
    vectors = (middles[chance.integers(0, 30, 400)] + 0.5 * chance.normal(size=(400, 48))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact = {pair[:2] for pair in near_pairs(vectors, least=0.8, most=50)}
    searched = {pair[:2] for pair in near_pairs(vectors, least=0.8, most=50, exact=100)}
    assert len(exact) > 500
    assert len(exact & searched) > 0.98 * len(exact)


class Counting:
    """The packaged encoder, and how many texts it was asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.name, self.revision = load_encoder().name, load_encoder().revision

    def encode(self, texts: list[str]) -> np.ndarray:
        self.asked += len(texts)
        return load_encoder().encode(texts)


@pytest.mark.model
def test_a_kept_mean_needs_no_sentence_again(tmp_path: Path) -> None:
    encoder, kept = Counting(), VectorStore(tmp_path / "vectors.db")
    first = record_vectors([note("told", TOLD), note("other", ANOTHER)], encoder, kept)
    asked = encoder.asked
    again = record_vectors([note("other", ANOTHER), note("told", TOLD)], encoder, kept)
    assert asked > 4
    assert encoder.asked == asked
    assert np.array_equal(first, again[::-1])
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-3)


@pytest.mark.model
@pytest.mark.parametrize("on", [True, False])
def test_the_one_that_a_person_accepted_is_kept_where_the_rule_is_on(tmp_path: Path, scheme: Scheme, on: bool) -> None:
    severity = {"no_semantic_duplicate": Severity.SOFT} if on else {}
    settings = ValidationSettings(similarity=SimilaritySettings(enabled=True), severity=severity)
    records = [note("told", TOLD), note("retold", RETOLD), note("other", ANOTHER)]
    with Store.open(f"sqlite:///{tmp_path / 'records.db'}") as store:
        fill(
            store,
            [(record, Layer(record_id=record.id, name="rules", author="r@1")) for record in records],
            scheme,
            settings,
        )
        store.decide([Decision(record_id="retold", verdict=Verdict.ACCEPTED, by="human:ruth", reason="read it")])
        findings = {one.expectation: one for one in judge(store, scheme, settings, tmp_path).per_expectation}
    assert ("no_semantic_duplicate" in findings) is on
    if on:
        assert findings["no_semantic_duplicate"].failed == {"told": "retold"}

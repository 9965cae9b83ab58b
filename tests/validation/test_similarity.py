from __future__ import annotations

from pathlib import Path

import pytest

from curation.embeddings.encoder import SentenceEncoder, load_encoder
from curation.markup import parse_markup
from curation.record import Alignment, Entity, Layer, Record
from curation.scheme import load_scheme
from curation.stage import Item
from validation.measures.measure import Scope, Subject
from validation.measures.similarity import measure
from validation.settings import ValidationSettings
from validation.stage import Measure

pytest.importorskip("sentence_transformers")

TEXT = (
    "A [dry cough]{signs_symptoms} had kept him awake for weeks. "
    "[Metformin]{pharmacological_therapy} was given for diabetes. He [lives alone]{social_history}."
)


@pytest.fixture(scope="module")
def scope() -> Scope:
    return Scope(load_scheme(), ValidationSettings())


def _subject(marked: str, *more: Entity, language: str = "en") -> Subject:
    text, entities = parse_markup(marked)
    record = Record(id="r", group="r", source="test", language=language, text=text)
    return Subject(record, Layer(record_id="r", name="rules", author="rules@1", entities=(*entities, *more)))


def test_an_entity_that_stands_nowhere_is_the_least_like_any_sentence(scope: Scope) -> None:
    strange = Entity(id="T9", category="diagnosis", text="ankle fracture", alignment=Alignment.NONE)
    sound, invented = measure([_subject(TEXT), _subject(TEXT, strange)], scope)
    assert invented["least_similar_entity"] == "T9"
    assert sound["similarity_least"] > invented["similarity_least"]  # type: ignore[operator]
    assert 0.4 < sound["similarity_mean"] < 0.95  # type: ignore[operator]


@pytest.mark.parametrize("backend", ["torch", "onnx"])
def test_the_backend_runs_the_encoder_and_changes_no_fingerprint(backend: str, tmp_path: Path) -> None:
    settings = ValidationSettings.model_validate({"similarity": {"backend": backend}})
    encoder = Scope(load_scheme(), settings, tmp_path / "vectors.db").encoder
    assert isinstance(encoder, SentenceEncoder)
    assert encoder.backend == backend
    by_default = Measure(load_scheme(), ValidationSettings(), reads=("rules",))
    assert Measure(load_scheme(), settings, reads=("rules",)).fingerprint == by_default.fingerprint


def test_an_entity_in_the_wrong_sentence_is_less_like_it(scope: Scope) -> None:
    subject = _subject(TEXT)
    assert subject.layer is not None
    cough, drug, _ = subject.layer.entities
    misplaced = cough.model_copy(update={"fragments": drug.fragments})
    wrong = Layer(record_id="r", name="rules", author="rules@1", entities=(misplaced,))
    right = Layer(record_id="r", name="rules", author="rules@1", entities=(cough,))
    found = measure([Subject(subject.record, right), Subject(subject.record, wrong)], scope)
    assert found[0]["similarity_least"] > found[1]["similarity_least"] + 0.2  # type: ignore[operator]


def test_each_text_is_encoded_once(scope: Scope) -> None:
    asked: list[list[str]] = []

    class Counting:
        name = revision = "counting"

        def encode(self, texts):  # type: ignore[no-untyped-def]
            asked.append(list(texts))
            return scope.encoder.encode(texts)

    watched = Scope(scope.scheme, scope.settings)
    watched.__dict__["encoder"] = Counting()
    assert measure([_subject(TEXT), _subject(TEXT)], watched) == measure([_subject(TEXT)] * 2, scope)
    (texts,) = asked
    assert len(texts) == len(set(texts)) == 6


def test_without_entities_or_sentences_there_is_nothing_to_compare(scope: Scope) -> None:
    nothing = {"similarity_least": None, "similarity_mean": None, "least_similar_entity": None}
    lost = Entity(id="T1", category="age", text="54", alignment=Alignment.NONE)
    assert measure([_subject("No entity."), _subject("", lost), _subject(" \n", lost)], scope) == [nothing] * 3


def test_a_huge_sentence_is_cut_around_the_entity(scope: Scope) -> None:
    (found,) = measure([_subject("word " * 100_000 + "[fever]{signs_symptoms}" + " word" * 100_000)], scope)
    assert found["least_similar_entity"] == "T1"


def test_what_a_batch_of_records_wants_encoded_is_encoded_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = SentenceEncoder(load_encoder()._model, name="counted", revision="1")
    calls: list[int] = []
    forward = encoder._forward
    monkeypatch.setattr(encoder, "_forward", lambda texts: (calls.append(len(texts)), forward(texts))[1])
    monkeypatch.setattr(Scope, "encoder", encoder)
    subjects = [_subject(TEXT), _subject("She had a [mild fever]{signs_symptoms}.")]
    items = [
        Item(one.record.model_copy(update={"id": str(at)}), {"rules": one.layer})
        for at, one in enumerate(subjects)
        if one.layer
    ]
    found = Measure(load_scheme(), ValidationSettings(), reads=("rules",))(items)
    assert calls == [4 + 4]
    assert all(result.measures["similarity_mean"] for result in found)

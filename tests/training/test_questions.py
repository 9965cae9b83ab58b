"""Entities by questions: overlapping categories are kept, languages are asked in their own words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from begun import assert_begins_with_shares

from annotation.adapter import AdapterAnnotator
from curation.adapters.questions import LABELS, QuestionReader
from curation.errors import UsageError
from curation.record import Entity, Layer, Record, check_layer
from curation.scheme import Scheme
from curation.stage import Item
from curation.tagging.encoder import base_folder, splitter
from training.answer_shares import answer_shares
from training.examples import Pair
from training.prepared_encoder import (
    LEAST_SHARE,
    begin_with_shares,
    encoder_identity,
    prepared,
    question_identity,
)
from training.questions import ReaderLearner, _asked, answered_texts, check, shown, train_reader
from training.settings import TrainingSettings
from training.trained import Trained, TrainingJob

pytestmark = pytest.mark.model

TEXTS = (
    ("A [54-year-old]{age} [woman]{gender} came with [chest pain]{signs_symptoms}.", "en"),
    ("The [boy]{gender} had [a dry cough]{signs_symptoms} with [fever]{signs_symptoms}.", "en"),
    ("Die [61-jährige]{age} [Patientin]{gender} hatte [Rückenschmerzen]{signs_symptoms}.", "de"),
    ("Nothing was found.", "en"),
)


@pytest.fixture(scope="module")
def narrow(scheme: Scheme) -> Scheme:
    """Age, gender, signs and pathology of the default scheme: fewer questions."""
    names = ("age", "gender", "signs_symptoms", "pathology")
    return Scheme(
        name="narrow", languages=("en", "de"), categories=tuple(c for c in scheme.categories if c.name in names)
    )


@pytest.fixture(scope="module")
def wide(quick_settings: TrainingSettings) -> TrainingSettings:
    """Windows that leave room beside a question."""
    return quick_settings.model_copy(update={"window": 96})


@pytest.fixture(scope="module")
def pairs(annotated: Callable[..., Pair]) -> list[Pair]:
    """The texts; in the first, "pain" is pathology within a symptom, which word labels cannot hold."""
    found = [annotated(text, language=language) for text, language in TEXTS]
    record, layer = found[0]
    start = record.text.index("pain")
    inner = Entity.at(record.text, start, start + 4, "pathology", id="T9")
    return [(record, layer.model_copy(update={"entities": (*layer.entities, inner)})), *found[1:]]


@pytest.fixture(scope="module")
def trained(place: Path, quick_settings: TrainingSettings, narrow: Scheme, pairs: list[Pair]) -> Trained:
    settings = quick_settings.model_copy(update={"epochs": 40, "window": 96})
    return train_reader(TrainingJob(pairs, pairs, narrow, settings, place / "adapters" / "asked"))


def places(layer: Layer) -> set[tuple[str, tuple[tuple[int, int], ...]]]:
    return {(entity.category, entity.spans) for entity in layer.entities}


def test_the_adapter_gives_entities_that_lie_in_each_other(trained: Trained, narrow: Scheme, pairs: list[Pair]) -> None:
    assert max(trained.history) == 1.0
    annotator = AdapterAnnotator(trained.folder, narrow)
    assert annotator.unserved("de") == ()
    for (record, gold), result in zip(pairs, annotator([Item(record) for record, _ in pairs]), strict=True):
        (layer,) = result.layers
        check_layer(record, layer, categories=narrow.by_name)
        assert places(layer) == places(gold)
    empty = Record(id="e", group="e", source="t", language="fr", text="")
    assert annotator([Item(empty)])[0].layers[0].entities == ()


def test_texts_longer_than_a_window_are_read_alike_alone_and_beside_others(
    trained: Trained, narrow: Scheme, pairs: list[Pair]
) -> None:
    long = pairs[0][0].model_copy(update={"text": "\n".join([record.text for record, _ in pairs[:2]] * 6)})
    annotator = AdapterAnnotator(trained.folder, narrow)
    ((alone,),) = (result.layers for result in annotator([Item(long)]))
    check_layer(long, alone, categories=narrow.by_name)
    beside = annotator([Item(pairs[2][0]), Item(long), Item(pairs[3][0])])[1].layers[0]
    assert places(beside) == places(alone) != set()
    assert max(entity.end for entity in alone.entities) > len(long.text) / 2


def test_the_manifest_has_the_questions_and_no_wording_of_records(trained: Trained) -> None:
    questions = trained.manifest.details["questions"]
    assert isinstance(questions, dict)
    assert questions["en"]["age"] == "Find Age: The patient's age at presentation."  # type: ignore[index,call-overload]
    assert str(questions["de"]["gender"]).startswith("Finde Geschlecht: ")  # type: ignore[index,call-overload]
    written = (trained.folder / "clincurate.json").read_text() + (trained.folder / "README.md").read_text()
    assert "dry cough" not in written
    assert "Rückenschmerzen" not in written


def test_the_view_holds_what_word_labels_lose_and_has_real_negatives(
    wide: TrainingSettings, narrow: Scheme, pairs: list[Pair]
) -> None:
    found = check(pairs, narrow, wide)
    assert (found.lost, found.changed, found.oracle) == ({}, {}, 1.0)
    assert (found.rows, found.negatives) == (16, 7)
    record, layer = pairs[0]
    twice = layer.entities[-1].model_copy(update={"id": "T10", "category": "signs_symptoms"})
    lossy = layer.model_copy(update={"entities": (*layer.entities, twice)})
    assert check([(record, lossy)], narrow, wide).lost == {"overlapped": 1}


def test_questions_without_an_answer_are_drawn_anew_in_each_epoch(
    wide: TrainingSettings, narrow: Scheme, pairs: list[Pair]
) -> None:
    from curation.adapters.questions import LABELS, AskedPieces, QuestionReader
    from curation.tagging.encoder import splitter, with_head
    from curation.views.questions import questions_of
    from training.questions import answered_texts

    base = Path(wide.base_model)
    split = splitter(base)
    asked = AskedPieces(split, questions_of(narrow), narrow.names, window=96)
    texts, _ = answered_texts(pairs, narrow, splitter=split, asked=asked, stride=8)
    reader = QuestionReader(with_head(base, LABELS), split, narrow.names, asked, 8)
    half = wide.model_copy(update={"negatives": 0.5})
    learner = ReaderLearner(reader, texts, (), narrow, half)
    random = Random(0)
    epochs = [{window for batch in learner.epoch(random) for window in batch} for _ in range(4)]
    assert {len(epoch) for epoch in epochs} == {9 + 4}
    assert len(set.union(*epochs)) > 13
    assert len(set.intersection(*epochs)) >= 9


def test_a_file_overrides_questions(wide: TrainingSettings, narrow: Scheme, pairs: list[Pair], tmp_path: Path) -> None:
    file = tmp_path / "questions.yaml"
    file.write_text("en: {age: 'How old is the patient?'}\nde: {age: 'Wie alt?'}\n", encoding="utf-8")
    settings = wide.model_copy(update={"questions": file})
    titles = [example.title for example in shown(pairs[:1], narrow, settings)]
    assert titles[0] == "How old is the patient?"
    assert titles[1].startswith("Find Gender: ")
    (first, *_) = shown(pairs[2:3], narrow, settings)
    assert first.title == "Wie alt?"
    assert ("61-jährige", "B", True) in first.words or any(answer for _, _, answer in first.words)
    for content, message in (
        ("en: {agee: Old}", "did you mean age"),
        ("fr: {age: Quel age}", "a language of the scheme narrow"),
        ("en: [age]", "a section for each language"),
        ("en: {age: ' '}", "a section for each language"),
        ("en: {age: " + "very " * 60 + "old}", "leave half of the window"),
    ):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match=message):
            list(shown(pairs[:1], narrow, settings))


def test_a_training_begins_with_the_shares(
    place: Path, wide: TrainingSettings, narrow: Scheme, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = TrainingJob(pairs, (), narrow, wide, place / "adapters" / "begun")
    assert_begins_with_shares(monkeypatch, "training.questions", wide, lambda: train_reader(job))


def test_what_an_earlier_version_learnt_by_questions_is_trained_anew(wide: TrainingSettings) -> None:
    assert question_identity(wide) != encoder_identity(wide)


def test_the_head_begins_with_the_shares_of_the_labels_and_one_that_the_base_brings_stays(
    quick_settings: TrainingSettings, trained: Trained, narrow: Scheme, pairs: list[Pair]
) -> None:
    """Where "outside" is right nearly always, a model that has yet to learn so may end with no answer at all."""
    lora = quick_settings.model_copy(update={"full": False, "window": 96})
    base = base_folder(lora.base_model, download=False)
    model, split = prepared(base, LABELS, lora), splitter(base)
    _, asked = _asked(narrow, lora, split)
    texts, _ = answered_texts(pairs, narrow, splitter=split, asked=asked, stride=lora.stride)
    learner = ReaderLearner(QuestionReader(model, split, narrow.names, asked, lora.stride), texts, (), narrow, lora)
    shares = answer_shares(learner, lora)
    assert sum(shares) == pytest.approx(1)
    assert shares[0] > 0.6
    assert 0 < shares[1] < 0.3
    begin_with_shares(model, base, shares)
    heads = [weight for name, weight in model.named_parameters() if name.endswith("bias") and "classifier" in name]
    assert len(heads) == 2
    for head in heads:
        assert head.exp().tolist() == pytest.approx([max(share, LEAST_SHARE) for share in shares], rel=1e-3)
    again = prepared(trained.folder, LABELS, lora)
    before = again.classifier.bias.tolist()
    begin_with_shares(again, trained.folder, shares)
    assert again.classifier.bias.tolist() == before

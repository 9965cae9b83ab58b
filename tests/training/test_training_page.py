"""The page of a training is read without scripts, tells of errors, and keeps words back unless they are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile_names import HOSTILE_NAMES

from curation.record import Entity, Layer, Record
from curation.scheme import Scheme
from curation.scoring.scores import ScoredDocument
from curation.tagging.folder import AdapterManifest
from training.card import card
from training.course import Course
from training.course_figures import COURSE, CourseFigures
from training.evaluate import evaluate
from training.record_errors import MarkKind, WorstRecords, marked_pieces
from training.settings import TrainingSettings
from training.training_page import ToldTraining, figures, is_told, page, write_training

Annotated = Callable[..., tuple[Record, Layer]]

WORDS = ("Übelkeit", "Fieber", "Patientin", "pneumonia", "old man")


def manifest(course: Course, **changes: Any) -> AdapterManifest:
    settings = TrainingSettings(epochs=5, patience=2)
    return AdapterManifest(
        name="cases-1",
        kind=changes.pop("kind", "lora"),
        scheme="clinical-summary",
        scheme_digest="abc",
        labels=("O", "B-age", "I-age", "B-diagnosis", "I-diagnosis"),
        languages=("de", "en"),
        window=256,
        stride=128,
        base_model="all-MiniLM-L6-v2",
        base_digest="d",
        weights_digest="0123456789",
        training={
            "records": 7,
            "entities": 20,
            "lost": {"nested": 2},
            "view": {"view": "labels", "oracle": 0.9, "annotations": 20},
        },
        settings=settings.model_dump(mode="json"),
        metrics={COURSE: CourseFigures.of(course, settings).as_json()},
        **changes,
    )


@pytest.fixture
def course() -> Course:
    return Course(done=12, history=[0.2, 0.6, 0.5, 0.4], losses=[1.5, 0.9, 0.5, 0.3], scores={"strict": {}})


@pytest.fixture
def documents(annotated: Annotated) -> list[ScoredDocument]:
    german, gold = annotated(
        "Eine [54-jährige]{age} Patientin mit [Übelkeit]{signs_symptoms} und [Fieber]{signs_symptoms}.", language="de"
    )
    english, other = annotated("A [7-year-old]{age} man <b>with</b> [pneumonia]{diagnosis}.", language="en")
    first, second = gold.entities[:2]
    longer = Entity.at(german.text, second.spans[0][0] - 4, second.spans[0][1], "signs_symptoms", id="T9")
    found = gold.model_copy(update={"author": "adapter:cases-1@01234567", "entities": (first, longer)})
    return [
        ScoredDocument(german, gold, found),
        ScoredDocument(english, other, other.model_copy(update={"author": "adapter:cases-1@01234567"})),
    ]


def told(documents: list[ScoredDocument], scheme: Scheme, made: AdapterManifest, excerpts: int) -> ToldTraining:
    worst = WorstRecords(scheme, "entities", excerpts)
    for document in documents:
        worst.add(document)
    predicted = [document.predicted for document in documents if document.predicted]
    report = evaluate([(document.record, document.gold) for document in documents], predicted, scheme)
    return ToldTraining(made, {"cases@1": "fedcba"}, report, worst.records, excerpts=excerpts)


def test_differences_are_marked_in_the_text_and_the_text_stays_whole(
    documents: list[ScoredDocument], scheme: Scheme
) -> None:
    (errors,) = told(documents, scheme, manifest(Course()), 1).worst
    assert [errors.count(kind) for kind in MarkKind] == [1, 2, 1]
    text = documents[0].record.text
    assert "".join(piece.text for piece in errors.pieces) == text
    marked = {piece.text: sorted(mark.kind for mark in piece.marks) for piece in errors.pieces if piece.marks}
    assert marked == {
        "54-jährige": ["right"],
        "mit ": ["invented"],
        "Übelkeit": ["invented", "missed"],
        "Fieber": ["missed"],
    }


def test_an_empty_text_and_one_without_marks_have_their_pieces() -> None:
    assert list(marked_pieces("", ())) == []
    assert [piece.text for piece in marked_pieces("Ärztin 👩", ())] == ["Ärztin 👩"]


def test_the_page_is_read_without_scripts_colours_and_other_files(
    documents: list[ScoredDocument], scheme: Scheme, course: Course
) -> None:
    written = page(told(documents, scheme, manifest(course), 1), scheme)
    assert re.findall(r"<script|<link|src=|href=\"http|@import|url\((?!#)", written) == []
    assert "prefers-color-scheme: dark" in written
    assert written.count("<h1>") == 1
    tables = re.findall(r"<table>.*?</table>", written, flags=re.DOTALL)
    assert all("<caption>" in table for table in tables)
    assert re.findall(r"<th(?! scope=| scope)[ >]", written) == []
    assert '<p class="text" lang="de">' in written
    assert '<mark class="missed" title="missed: signs_symptoms">Fieber<small lang="en"> −' in written
    assert "Ended early" in written
    assert "0.600 (strict F1, micro), is that of epoch 2" in " ".join(written.split())
    assert "&lt;b&gt;" not in written, "a record without an error is not shown"
    for language in ("all languages, 2", "de, 1", "en, 1"):
        assert f"<caption>By category, {language} records</caption>" in written


@pytest.mark.parametrize("excerpts", [0, 1])
def test_words_of_records_are_on_the_page_alone_and_only_when_asked_for(
    documents: list[ScoredDocument], scheme: Scheme, course: Course, tmp_path: Path, excerpts: int
) -> None:
    made = manifest(course)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    written = write_training(told(documents, scheme, made, excerpts), scheme, to=tmp_path / "page", adapter=adapter)
    words = {path.name: [w for w in WORDS if w in path.read_text("utf-8")] for path in tmp_path.rglob("*.*")}
    assert words == {
        "README.md": [],
        "report.json": [],
        "report.html": ["Übelkeit", "Fieber", "Patientin"] if excerpts else [],
    }
    assert is_told(written.parent, made, excerpts)
    assert not is_told(written.parent, made, excerpts + 1)
    found = json.loads((written.parent / "report.json").read_text("utf-8"))
    assert found["worst"][0]["differences"][0] == {"kind": "invented", "name": "signs_symptoms", "spans": [[26, 38]]}
    assert found["course"]["best"] == 2


def test_a_set_without_validation_and_an_adapter_of_before_have_a_page_that_says_so(scheme: Scheme) -> None:
    without = manifest(Course(losses=[0.4, 0.2], done=4))
    written = page(ToldTraining(without, {"a@1": "x"}, not_measured="the set has no validation records"), scheme)
    assert written.count("Not measured: the set has no validation records.") == 2
    assert "the last epoch is kept" in written
    before = without.model_copy(update={"metrics": {}, "training": {"records": 1, "entities": 1}})
    assert "trained by an earlier version" in page(ToldTraining(before, {}), scheme)
    assert figures(ToldTraining(before, {}))["course"] is None


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_name_changes_what_the_page_is(name: str, scheme: Scheme, course: Course) -> None:
    made = manifest(course).model_copy(update={"name": name, "base_model": name, "scheme": name})
    written = page(ToldTraining(made, {name: name}), scheme)
    assert written.count("<h1>") == 1
    assert "<script" not in written
    assert "<img" not in written


def test_language_models_lower_is_better() -> None:
    course = Course(done=2, history=[-2.0, -1.0, -1.5], losses=[3, 2, 1], scores={"answers": {"loss": 1.0}})
    found = CourseFigures.of(course, TrainingSettings(epochs=3))
    assert (found.measure, found.validation, found.best) == ("loss of answers", (2.0, 1.0, 1.5), 2)
    assert not found.ended_early


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "a LoRA adapter for"),
        ({"kind": "full"}, "a full tuning of"),
        ({"kind": "prompt", "model": "decoder"}, "a soft prompt for"),
        ({"details": {"members": ["a", "b"]}}, "the mean of 3 LoRA adapters for"),
        ({"kind": "full", "details": {"members": ["a"]}}, "the mean of 2 full tunings of"),
    ],
)
def test_page_and_card_say_in_the_same_words_what_was_tuned(
    scheme: Scheme, course: Course, changes: dict[str, Any], expected: str
) -> None:
    made = manifest(course, **changes)
    assert f"{expected} all-MiniLM-L6-v2" in page(ToldTraining(made, {}, not_measured="none"), scheme)
    assert expected in card(made)


def test_the_page_says_whose_course_it_has_of_several_members(scheme: Scheme, course: Course) -> None:
    several = manifest(course, details={"members": ["a", "b"]})
    assert "Of the first of 3 members" in page(ToldTraining(several, {}, not_measured="none"), scheme)
    assert "Of the first of" not in page(ToldTraining(manifest(course), {}, not_measured="none"), scheme)


def test_the_card_of_a_tagger_with_labels_of_each_category_does_not_say_that_it_has_one_label_a_word(
    course: Course,
) -> None:
    one = manifest(course)
    apart = one.model_copy(update={"settings": {**one.settings, "heads": "category"}})
    assert "cannot mark two pieces of information on one word" in card(one)
    assert "cannot mark two pieces" not in card(apart)

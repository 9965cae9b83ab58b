"""Two layers and two evaluations are compared on the same documents, and what cannot be compared is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import curate, curate_json

from curation.errors import SourceError, UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.store import Store
from pipeline.steps.compare import ComparedLayers, compare_layers
from pipeline.steps.evaluate import evaluate_layer
from pipeline.workspace import Workspace

pytestmark = pytest.mark.long

GOLD = {
    "en": "A [{age}-year-old]{{age}} had [fever]{{signs_symptoms}} and a [cough]{{signs_symptoms}}.",
    "de": "Eine [{age}-Jährige]{{age}} hatte [Fieber]{{signs_symptoms}} und [Husten]{{signs_symptoms}}.",
}


def add(store: Store, number: int, language: str, *, layers: tuple[str, ...] = ("worse", "better")) -> None:
    marked = GOLD[language].format(age=30 + number)
    id = f"{language}{number:02d}"
    text, entities = parse_markup(marked)
    store.add_records([Record(id=id, group=f"p{number}", source="test", language=language, text=text)])
    store.add_layers([Layer(record_id=id, name="gold", author="gold", entities=entities)])
    for name in layers:
        kept = [entity for entity in entities if name != "worse" or entity.text not in ("cough", "Husten")]
        kept = kept[: 2 if name == "better" and number % 5 == 0 else None]
        store.add_layers([Layer(record_id=id, name=name, author=name, entities=tuple(kept))])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten patients with a record in each of two languages: gold and two layers, of which one is better."""
    folder = tmp_path_factory.mktemp("compare") / "w"
    with Workspace.make(folder).open_store() as store:
        for number in range(10):
            add(store, number, "en")
            add(store, number, "de")
    return folder


@pytest.fixture
def workspace(made: Path, tmp_path: Path) -> Workspace:
    return Workspace.at(Path(shutil.copytree(made, tmp_path / "w")))


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    with workspace.open_store() as store:
        yield store


def figure(found: ComparedLayers, table: str, *, language: str | None = None) -> Any:
    whole = found.languages[language] if language else found.whole
    return next(row for row in whole.totals if row.table == table)


def compared(workspace: Workspace, store: Store, a: str = "worse", b: str = "better", **options: Any) -> ComparedLayers:
    return compare_layers(workspace, store, a=a, b=b, **options)


def test_the_better_layer_is_better_by_more_than_chance_in_each_language(workspace: Workspace, store: Store) -> None:
    found = compared(workspace, store)
    strict = figure(found, "strict")
    assert (found.whole.documents, found.whole.groups) == (20, 10)
    assert (strict.a, strict.b) == (pytest.approx(2 * 40 / (40 + 60)), pytest.approx(2 * 56 / (56 + 60)))
    assert strict.difference == pytest.approx(strict.b - strict.a)
    assert strict.interval[0] > 0
    assert strict.p < 0.05
    assert list(found.languages) == ["de", "en"]
    assert figure(found, "strict", language="de").difference == pytest.approx(strict.difference)
    assert found.notes[0].startswith("Reference: layer gold (20 records)")


def test_the_other_way_round_only_the_sign_changes(workspace: Workspace, store: Store) -> None:
    there, back = compared(workspace, store), compared(workspace, store, "better", "worse")
    for one, other in zip(there.whole.totals, back.whole.totals, strict=True):
        assert (one.table, one.a, one.b) == (other.table, other.b, other.a)
        assert (one.difference or 0) == pytest.approx(-(other.difference or 0))


def test_two_evaluations_are_compared_by_their_numbers_as_their_layers_are(workspace: Workspace, store: Store) -> None:
    runs = [evaluate_layer(workspace, store, predicted=name).run for name in ("worse", "better")]
    of_runs = compared(workspace, store, str(runs[0]), f"run:{runs[1]}")
    of_layers = compared(workspace, store)
    assert of_runs.a == f"worse (run {runs[0]})"
    assert of_runs.whole == of_layers.whole
    assert of_runs.languages == of_layers.languages


def test_evaluations_of_other_documents_share_those_that_both_have(workspace: Workspace, store: Store) -> None:
    first = evaluate_layer(workspace, store, predicted="worse").run
    add(store, 10, "en")
    second = evaluate_layer(workspace, store, predicted="better").run
    found = compared(workspace, store, str(first), str(second))
    assert found.whole.documents == 20
    assert f"0 documents are only in run {first}, 1 only in run {second}: left out." in found.notes


def test_the_documents_of_an_evaluation_hold_no_text_and_no_id(workspace: Workspace, store: Store) -> None:
    found = evaluate_layer(workspace, store, predicted="better")
    written = (found.html.parent / "documents.jsonl").read_text()
    assert len(written.splitlines()) == 20
    assert not any(word in written for word in ("fever", "Husten", "en03", "p3"))
    assert json.loads(written.splitlines()[0])["counts"]["strict"]["age"] == [1, 1, 1, 1]


def test_documents_that_cannot_be_read_are_refused(workspace: Workspace, store: Store) -> None:
    first, second = (evaluate_layer(workspace, store, predicted=name) for name in ("worse", "better"))
    path = second.html.parent / "documents.jsonl"
    path.write_text(path.read_text()[:-40])
    with pytest.raises(SourceError, match=r"expected the documents of an evaluation at .*curate evaluate writes them"):
        compared(workspace, store, str(first.run), str(second.run))
    path.unlink()
    with pytest.raises(UsageError, match="whose documents are still there"):
        compared(workspace, store, str(first.run), str(second.run))


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("worse", "bettre", "expected a layer of the store, got 'bettre'; did you mean better"),
        ("worse", "worse", "expected two layers to compare, got worse twice"),
        ("worse", "7", "expected two layers or the numbers of two evaluations, got worse and 7"),
        ("7", "8", "expected the number of a run of curate evaluate whose documents are still there, got 7"),
        ("7", "07", "expected two runs to compare, got 7 twice"),
    ],
)
def test_what_cannot_be_compared_is_refused(workspace: Workspace, store: Store, a: str, b: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compared(workspace, store, a, b)


def test_a_record_that_one_layer_does_not_have_counts_as_empty_and_is_said(workspace: Workspace, store: Store) -> None:
    add(store, 11, "en", layers=("better",))
    found = compared(workspace, store)
    assert found.whole.documents == 21
    assert "1 records have no layer worse: they count as empty." in found.notes


def test_evaluate_has_every_score_by_language_and_says_what_is_not_measured(workspace: Workspace, store: Store) -> None:
    content = evaluate_layer(workspace, store, predicted="better").as_json()
    assert content["boundary"]["micro"]["f1"] == content["strict"]["micro"]["f1"]
    assert content["token"]["per_category"]["age"]["f1"] == 1
    assert content["facts"]["person"]["age"]["accuracy"] == 1
    assert list(content["languages"]) == ["de", "en"]
    german = content["languages"]["de"]
    assert (german["records"], german["strict"]["micro"]["matched"]) == (10, 28)
    assert german["facts"]["per_category"]["signs_symptoms"]["presence"]["both"] == 10
    assert content["flat"]["rouge_profile"].startswith("snowball-v1, rouge-score-rs")
    assert content["not_measured"] == {
        "labels": "the scheme has no document labels",
        "relations": "neither side has relations",
        "concepts": "gold has no codes",
        "confidence": "the predicted entities have no scores",
        "gender": "no record of gold has one that can be read",
        "bertscore": "not asked for: --with bertscore",
    }


@pytest.mark.model
def test_bertscore_is_measured_where_it_is_asked_for_and_the_encoder_reads_the_language(
    workspace: Workspace, store: Store
) -> None:
    content = evaluate_layer(workspace, store, predicted="better", asked=["bertscore"]).as_json()
    bert = content["bertscore"]
    assert (bert["pairs"], list(bert["signatures"])) == (20, ["en"])
    assert 0.8 < bert["f1"] < 1
    assert "does not read de" in content["not_measured"]["bertscore de"]
    assert content["languages"]["de"]["bertscore"] is None
    assert content["languages"]["en"]["bertscore"]["f1"] == bert["f1"]
    found = compared(workspace, store, asked=["bertscore"])
    assert figure(found, "bertscore f1").difference > 0
    with pytest.raises(UsageError, match="expected a score that needs a model, got 'bertscor'; did you mean bertscore"):
        evaluate_layer(workspace, store, predicted="better", asked=["bertscor"])


def test_the_commands_print_tables_and_json(workspace: Workspace, store: Store) -> None:
    at = ("--workspace", str(workspace.folder))
    printed = curate("compare", "worse", "better", *at)
    assert "better minus worse: 20 documents of 10 groups" in printed.stdout
    assert "strict" in printed.stdout
    content = curate_json("compare", "worse", "better", *at)
    assert content["totals"][0]["table"] == "strict"
    assert content["languages"]["en"]["documents"] == 10
    evaluated = curate("evaluate", "--predicted", "better", *at)
    assert "By language" in evaluated.stdout
    assert "not measured: relations: neither side has relations" in evaluated.stderr


def test_why_figures_flatter_a_side_is_said_as_by_an_evaluation(workspace: Workspace, store: Store) -> None:
    assert len(compared(workspace, store).notes) == 1
    itself = "20 records are measured against the same layer: the figures say nothing of it."
    assert itself in compared(workspace, store, a="gold").notes
    author = "adapter:elsewhere@0123abcd"
    for item in store.items(["gold"]):
        update = {"name": "linked", "author": author, "provenance": {"entities_of": "gold"}}
        store.add_layers([item.layers["gold"].model_copy(update=update)])
    notes = compared(workspace, store, b="linked").notes
    assert f"{author} has linked the entities of gold: only its figures of relations count." in notes
    assert any(note.startswith(f"{author} was not trained on a set of this workspace") for note in notes)

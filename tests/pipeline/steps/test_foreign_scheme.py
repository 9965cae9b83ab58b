"""A scheme that was changed under layers: each command says in one line what does not fit, how much, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from verdicts import given

from curation.errors import CurateError, UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.scheme import Scheme, load_scheme
from curation.scheme_change import foreign_names, in_words
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from curation.tagging.encoder import PACKAGED, base_folder, splitter
from pipeline.steps.evaluate import evaluate_layer
from pipeline.steps.export import export
from pipeline.steps.review.push import tell_foreign as tell_after_push
from pipeline.steps.train import train
from pipeline.steps.validate import tell_foreign
from pipeline.workspace import Workspace
from training.examples import make_examples
from validation.settings import ValidationSettings
from validation.stage import Measure

TEXT = "Bett {}: die [54 Jahre]{{age}} alte Patientin hatte [Fieber]{{signs_symptoms}} und [Husten]{{signs_symptoms}}."


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def workspace(tmp_path: Path, said: list[str]) -> Workspace:
    return replace(Workspace.make(tmp_path / "w"), notify=said.append)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """Six frozen records with age and symptoms; then both categories get other names in the scheme's file."""
    with workspace.open_store() as store:
        for number in range(6):
            text, entities = parse_markup(TEXT.format(number))
            id = f"r{number}"
            store.add_records([Record(id=id, group=id, source="test", language="de", text=text)])
            for name in ("gold", "rules"):
                store.add_layers([Layer(record_id=id, name=name, author=f"{name}@1", entities=entities)])
        store.decide(given(store.record_ids(), "gold", "rules"))
        split = SplitSettings(seed=1, train=0.5, validation=0.2, test=0.3)
        freeze(store, load_scheme(), name="cases", layers=["gold"], split=split)
        file = workspace.folder / "scheme.yaml"
        content = file.read_text(encoding="utf-8")
        for name in ("age", "signs_symptoms"):
            content = content.replace(f"name: {name}\n", f"name: {name}_now\n")
        file.write_text(content, encoding="utf-8")
        yield store


FROZEN = r"cases@1 was frozen with age, signs_symptoms \(6 and 12 times\): .*curate scheme migrate"


@pytest.mark.parametrize("command", ["train", "hf", "chat"])
def test_a_set_of_the_scheme_of_before_is_neither_learnt_nor_exported(workspace, store, tmp_path, command):
    make = partial(train, name="a") if command == "train" else partial(export, format=command, to=tmp_path / "out")
    with pytest.raises(UsageError, match=FROZEN) as refused:
        make(workspace, store)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()
    assert not (workspace.folder / "adapters").exists()


@pytest.mark.parametrize("curated", [None, "cases"])
def test_an_evaluation_names_the_categories_and_counts_them(workspace, store, curated):
    with pytest.raises(UsageError, match=r"they use age, signs_symptoms \(\d+ and \d+ times\): .*scheme migrate"):
        evaluate_layer(workspace, store, gold="gold", predicted="rules", curated=curated)


def test_a_validation_says_which_categories_the_scheme_lacks(workspace, store, said):
    settings = ValidationSettings().model_copy(update={"similarity": workspace.config.validation.similarity})
    similarity = settings.similarity.model_copy(update={"enabled": False})
    stage = Measure.over(store, workspace.scheme, settings.model_copy(update={"similarity": similarity}))
    store.put_measures(stage.name, {found.record_id: found.measures for found in stage(list(store.items(stage.reads)))})
    tell_foreign(workspace, store)
    (line,) = said
    assert line.startswith(
        "18 entities of 6 records are in categories that the scheme clinical-summary 1 does not have"
    )
    assert "have: age, signs_symptoms; carry the layers over" in line


def test_a_push_says_why_records_were_not_sent(workspace, store, said):
    tell_after_push(workspace, store, [])
    assert said == []
    tell_after_push(workspace, store, ["r1", "r2"])
    (line,) = said
    assert "does not have: age, signs_symptoms (4 and 8 times); carry" in line


def test_training_examples_of_another_scheme_are_refused(scheme: Scheme) -> None:
    text, entities = parse_markup("A [fin]{tail}.")
    pair = (
        Record(id="a", group="a", source="s", language="en", text=text),
        Layer(record_id="a", name="gold", author="gold", entities=entities),
    )
    with pytest.raises(CurateError, match=r"they use tail \(1 times\)"):
        make_examples([pair], scheme=scheme, splitter=splitter(base_folder(PACKAGED)))


def test_foreign_labels_are_named_once(scheme: Scheme) -> None:
    layer = Layer(record_id="a", name="gold", author="gold", labels={"smoking": "past"})
    assert foreign_names([layer, layer], scheme) == {"smoking": 2}
    assert in_words({"smoking": 2}) == "smoking (2 times)"
    assert foreign_names([], scheme) == {}

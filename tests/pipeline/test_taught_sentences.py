"""Few-shot learns from the training side of a curated set, and does not measure itself on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from verdicts import given

from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Layer, Record
from curation.sets.freeze import freeze
from curation.settings import SplitSettings
from curation.store import Store
from pipeline.retrieval import taught_sentences
from pipeline.seen_records import seen_records
from pipeline.workspace import Workspace

MARKED = (
    "Patient {number} in Zimmer {room} hatte am Abend [Fieber]{{signs_symptoms}} und nahm "
    "[Paracetamol {number} mg]{{pharmacological_therapy}}."
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Twelve German records with a layer gold, frozen as `cases`."""
    workspace = Workspace.make(tmp_path / "w", {"annotation.few_shot.curated": "cases@1"})
    with workspace.open_store() as store:
        for number in range(12):
            text, entities = parse_markup(MARKED.format(number=number, room=f"{number}x" * 3))
            id = f"r{number:02d}"
            store.add_records([Record(id=id, group=id, source="test", language="de", text=text)])
            store.add_layers([Layer(record_id=id, name="gold", author="gold", entities=entities)])
        store.decide(given(store.record_ids(), "gold"))
        freeze(store, workspace.scheme, name="cases", layers=["gold"], split=SplitSettings(seed=1))
        yield store


def test_the_sentences_of_the_training_side_are_the_examples(store, tmp_path):
    workspace = Workspace.at(tmp_path / "w")
    taught = taught_sentences(workspace, store)
    (curated,) = store.curated_sets()
    training = {record.text for _, record, _ in store.set_members(curated.digest, split="train")}
    assert set(taught) == {"de"}
    assert {sentence.text for sentence in taught["de"].sentences} == training
    assert taught["de"].counts == {"signs_symptoms": len(training), "pharmacological_therapy": len(training)}


def test_a_set_that_is_not_there_is_named(store, tmp_path):
    workspace = Workspace.make(tmp_path / "other", {"annotation.few_shot.curated": "cases@7"})
    with pytest.raises(UsageError, match=r"expected a curated set, got 'cases@7'; there are: cases@1"):
        taught_sentences(workspace, store)
    assert taught_sentences(Workspace.make(tmp_path / "without"), store) == {}


def test_records_that_taught_measure_nothing(store, tmp_path):
    (curated,) = store.curated_sets()
    training = {record.id for _, record, _ in store.set_members(curated.digest, split="train")}
    records = list(store.records(store.record_ids()))
    layers = [Layer(record_id=record.id, name="few-shot", author="few-shot@1") for record in records]
    seen = seen_records(Workspace.at(tmp_path / "w"), store, layers, records)
    assert set(seen.taught) == training
    assert 0 < len(training) < len(records)

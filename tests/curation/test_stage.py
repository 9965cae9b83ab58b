"""What a stage gets from the store and gives to it, as JSON."""

from __future__ import annotations

import pickle

from curation.record import Entity, Layer, Record
from curation.stage import Item, Result, StoredItem, WrittenLayer, written

RECORD = Record(id="r1", group="g", source="test", language="de", text="Fieber seit gestern.")
LAYER = Layer(
    record_id="r1",
    name="rules",
    author="rules@1",
    entities=(Entity.at(RECORD.text, 0, 6, "signs_symptoms", id="T1"),),
)


def test_an_item_is_read_as_it_was_stored_also_in_another_process() -> None:
    stored = StoredItem(RECORD, {"rules": LAYER.model_dump_json()})
    assert pickle.loads(pickle.dumps(stored)).read() == Item(RECORD, {"rules": LAYER})
    assert StoredItem(RECORD, {}).read() == Item(RECORD)


def test_a_written_layer_says_what_the_layer_says() -> None:
    (layer,) = written(Result("r1", layers=(LAYER,), notes={"mended": 1}), RECORD).written
    assert Layer.model_validate_json(layer.content) == LAYER
    assert layer == WrittenLayer("r1", "rules", "rules@1", LAYER.digest, LAYER.model_dump_json())


def test_the_rest_of_a_result_stays_and_layers_of_other_records_are_left_to_the_store() -> None:
    other = LAYER.model_copy(update={"record_id": "r2"})
    found = written(Result("r1", layers=(LAYER, other), notes={"mended": 1}), RECORD)
    assert (found.layers, len(found.written), found.notes) == ([other], 1, {"mended": 1})


def test_a_layer_that_contradicts_its_record_is_a_failure_without_a_word_of_the_text() -> None:
    wrong = LAYER.model_copy(update={"entities": (LAYER.entities[0].model_copy(update={"text": "Husten"}),)})
    found = written(Result("r1", layers=(wrong,)), RECORD)
    assert found.error is not None
    assert "entity T1" in found.error
    assert "Husten" not in found.error
    assert not found.written

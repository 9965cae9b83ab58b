"""Records that a stage makes: stored with their layers and the state of the work, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from curation.errors import EgressBlockedError
from curation.record import Entity, Layer, Record
from curation.stage import Result
from curation.store import Store

TEXT = "Patient with [fever]{signs_symptoms}."


class Translating:
    """A stage that makes German records, by hand."""

    name = "translate:de"
    fingerprint = "1"
    reads = ("gold",)
    translates_to = "de"

    def __init__(self, *left_out: str) -> None:
        self.left_out = frozenset(left_out)


def german(record: Record, *, end: int = 6) -> Result:
    made = Record(
        id=f"de-{record.id}",
        group=record.group,
        source="test",
        language="de",
        text="Fieber.",
        translation_of=record.id,
    )
    fever = Entity(
        id="T1", category="signs_symptoms", text="Fieber", fragments=({"start": 0, "end": end},), alignment="exact"
    )
    layer = Layer(record_id=made.id, name="gold", author="llm:m", entities=(fever,))
    return Result(record.id, records=(made,), layers=(layer,))


def left(store: Store, stage: Translating) -> list[str]:
    found = [item.record.id for page in store.pending(stage) for item in page.items]
    assert store.count_pending(stage) == len(found)
    return found


@pytest.fixture
def english(store: Store, annotated: Callable) -> Record:
    record, layer = annotated(TEXT)
    store.add_records([record])
    store.add_layers([layer])
    return record


def test_a_record_comes_with_its_layers_and_once(store, english):
    result = german(english)
    (page,) = store.pending(Translating())
    assert store.commit(Translating(), [result], seen=page.seen).failed == 0
    assert store.commit(Translating(), [result], seen=page.seen).failed == 0
    (made,) = store.records(language="de")
    assert made == result.records[0]
    assert store.layer(made.id, "gold") == result.layers[0]
    assert len(store.layer_history(made.id)) == 1
    assert left(store, Translating()) == []


def test_a_record_whose_layer_contradicts_it_is_not_stored_either(store, english):
    assert store.commit(Translating(), [german(english, end=5)], seen={}).failed == 1
    assert list(store.records(language="de")) == []
    assert [failure.record_id for failure in store.failures()] == [english.id]


def test_what_is_made_of_a_deleted_record_is_left_out(store, english):
    store.delete_records([english], by="test", reason="asked for", counts={english.id: {}})
    store.commit(Translating(), [german(english)], seen={})
    assert store.count_records() == {}


def test_translations_and_what_is_in_the_language_already_are_no_work(store, english, annotated):
    others = [
        annotated("A [cough]{signs_symptoms}.")[0],
        annotated("Ein [Husten]{signs_symptoms}.", language="de")[0],
        annotated("Une [toux]{signs_symptoms}.", language="fr", translation_of=english.id)[0],
    ]
    store.add_records(others)
    assert left(store, Translating()) == [english.id, others[0].id]
    assert left(store, Translating(english.id, "nobody")) == [others[0].id]
    assert left(store, Translating(*(str(number) for number in range(50_000)))) == [english.id, others[0].id]


def test_a_record_that_may_not_leave_this_machine_is_not_stored_elsewhere(store, english):
    store.remote = "db.example/name"

    def refuse(records):
        raise EgressBlockedError("expected a record without identifiers")

    store.let_out = refuse
    with pytest.raises(EgressBlockedError):
        store.commit(Translating(), [german(english)], seen={})
    assert "de" not in store.count_records()

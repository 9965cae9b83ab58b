"""Saves of layers without what they say, and which versions there are: on both databases."""

from datetime import UTC, datetime
from itertools import pairwise

from curation.record import Layer


def saved(record, name, *, entities=(), minute=0, **provenance):
    created = datetime(2026, 1, 1, 12, minute, tzinfo=UTC)
    return Layer(record_id=record.id, name=name, author=name, entities=entities, created=created, provenance=provenance)


def test_saves_say_what_the_versions_say_in_their_order(store, annotated):
    (first, layer), (second, _) = annotated("Ältere Frau, [Fieber]{signs_symptoms}."), annotated("Husten.")
    store.add_records([first, second])
    store.add_layers(
        [
            saved(second, "human:anna", minute=1, annotation=7, lead_time=61.5, title='"Änd" {x}'),
            saved(first, "human:anna", minute=2, entities=layer.entities, annotation=8),
            saved(first, "human:anna", minute=3),
            saved(first, "rules", minute=4),
        ]
    )
    names = ["human:anna"]
    versions = list(store.layer_versions(names))
    saves = list(store.layer_saves(names))
    assert [(save.record_id, save.name, save.created, save.entities) for save in saves] == [
        (version.record_id, version.name, version.created, len(version.entities)) for version in versions
    ]
    assert [save.provenance for save in saves] == [version.provenance for version in versions]
    assert [save.entities for save in saves] == [1, 0, 0]
    assert list(store.layer_saves(["human:ben"])) == []


def test_rows_say_which_versions_a_record_has_in_their_order(store, annotated):
    records = [annotated(f"Patient {number}.")[0] for number in range(4)]
    store.add_records(records)
    names = ["human:anna", "human:ben"]
    store.add_layers([saved(record, name) for record in (records[2], records[0]) for name in names])
    store.add_layers([saved(records[1], "human:anna"), saved(records[1], "human:anna", annotation=2)])
    store.add_layers([saved(records[2], "human:ben", annotation=3, entities=annotated("[X]{age}")[1].entities[:0])])
    rows = store.layer_rows(names)
    assert list(rows) == [record.id for record in records[:3]]
    assert [[name for name, _ in rows[record.id]] for record in records[:3]] == [names, names[:1], names]
    assert all(row < later for versions in rows.values() for (_, row), (_, later) in pairwise(versions))
    assert store.layer_rows(names[1:]).keys() == {records[0].id, records[2].id}
    assert store.layer_rows([]) == {}


def test_values_are_those_of_the_versions(store, annotated):
    first, layer = annotated("Ältere Frau, [Fieber]{signs_symptoms}.")
    store.add_records([first])
    store.add_layers([saved(first, "human:anna"), saved(first, "human:anna", entities=layer.entities, lead_time=1.5)])
    names, ids = ["human:anna"], [first.id]
    assert list(store.layer_values(names, ids=ids)) == [
        version.model_dump(mode="json") for version in store.layer_versions(names, ids=ids)
    ]
    assert [save.entities for save in store.layer_saves(names, ids=ids)] == [0, 1]
    assert list(store.layer_saves(names, ids=["none"])) == []

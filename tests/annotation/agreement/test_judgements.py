"""Whose layers are compared, and which versions of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from annotation.agreement.judgements import reviewed
from annotation.agreement.pairs import pairwise
from annotation.agreement.settings import AgreementSettings

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def say(sqlite_store, annotated):
    """Stores what somebody says about a marked text, so many hours after the start."""

    def tell(name, marked, hours=0, author=None, **provenance):
        record, layer = annotated(marked, layer=name)
        sqlite_store.add_records([record])
        changes = {"created": START + timedelta(hours=hours), "provenance": provenance, "author": author or name}
        sqlite_store.add_layers([layer.model_copy(update=changes)])
        return record

    return tell


def read(store, others=(), **settings):
    return list(reviewed(store, AgreementSettings(**settings), others=others))


def test_people_and_what_is_asked_for_are_read(sqlite_store, say):
    record = say("human:anna", "[fever]{diagnosis}")
    say("repeat:anna", "[fever]{signs_symptoms}", 24)
    say("rules", "fever")
    say("gold", "[fever]{pathology}")
    say("rules", "[cough]{diagnosis}")
    (one,) = read(sqlite_store)
    assert (one.record, sorted(one.layers)) == (record, ["human:anna", "repeat:anna"])
    (one,) = read(sqlite_store, others=["gold"])
    assert sorted(one.layers) == ["gold", "human:anna", "repeat:anna"]


def test_the_last_version_counts_or_the_first_before_any_revision(sqlite_store, say):
    say("human:anna", "[fever]{diagnosis}")
    say("human:anna", "[fever]{signs_symptoms}", 1)
    for version, category in (("last", "signs_symptoms"), ("first", "diagnosis")):
        (one,) = read(sqlite_store, version=version)
        assert [entity.category for entity in one.layers["human:anna"].entities] == [category]


def test_one_project_can_be_read_alone(sqlite_store, say):
    say("human:anna", "[fever]{diagnosis}", project="Clinical review #1 2026")
    say("human:anna", "[fever]{signs_symptoms}", 1, project="Adjudication #2 2026")
    (one,) = read(sqlite_store, project="Clinical review")
    assert one.layers["human:anna"].entities[0].category == "diagnosis"
    assert read(sqlite_store, project="Clinical") == []


def test_what_a_person_was_shown_is_the_version_of_that_time(sqlite_store, say):
    say("rules", "[fever]{diagnosis}", author="rules@1")
    say("human:anna", "[fever]{signs_symptoms}", 1, model_version="rules@1")
    say("human:ben", "[fever]{signs_symptoms}", 3)
    say("rules", "[fever]{pathology}", 2, author="rules@2")
    (one,) = read(sqlite_store)
    assert sorted(one.layers) == ["human:anna", "human:ben", "shown:human:anna"]
    assert one.layers["shown:human:anna"].author == "rules@1"


def test_what_is_read_can_be_compared(sqlite_store, say, scheme):
    for n in range(6):
        say("human:anna", f"Case {n} with [fever]{{signs_symptoms}} and [cough]{{signs_symptoms}}.")
        say("human:ben", f"Case {n} with [fever]{{signs_symptoms}} and cough.")
    found = pairwise(reviewed(sqlite_store, AgreementSettings(minimum_records=1)), scheme)
    assert found.per_pair["human:anna & human:ben"].strict.value == 2 * 6 / (12 + 6)
    assert found.per_pair["human:anna & human:ben"].records == 6


def test_every_version_streams_by_record(store, annotated):
    records = [annotated(f"Case {n}: [fever]{{diagnosis}}") for n in range(5)]
    store.add_records([record for record, _ in records])
    for _, layer in reversed(records):
        for name in ("human:b", "human:a", "rules"):
            store.add_layers([layer.model_copy(update={"name": name, "author": name})])
    found = [(layer.record_id, layer.name) for layer in store.layer_versions(["human:a", "human:b"], page=2)]
    assert found == [(record.id, name) for record, _ in records for name in ("human:b", "human:a")]
    assert [layer.name for layer in store.layer_versions(["rules"], ids=[records[3][0].id])] == ["rules"]
    assert list(store.layer_versions([])) == []

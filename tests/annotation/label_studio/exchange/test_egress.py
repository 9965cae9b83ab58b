"""What goes to a Label Studio on another machine; here the one on this machine is taken for it."""

from __future__ import annotations

import json

import pytest

from annotation.label_studio.api.client import Client
from annotation.label_studio.exchange.push import push
from annotation.review_settings import ReviewSettings
from curation.deidentify.identifiers.surrogate_marks import MARK
from curation.egress.gate import Gate
from curation.egress.settings import Destination, PrivacySettings
from curation.errors import EgressBlockedError
from curation.record import Entity, Layer, Record
from curation.store import Store

HOST = "review.hospital.example"
NAMED = "Mrs. Karin Lindemann came with fever."
RECORDS = [
    Record(id="r1", group="g", source="test", language="en", text=NAMED),
    Record(id="r2", group="g", source="test", language="en", text="A man came with fever."),
    Record(
        id="r3",
        group="g",
        source="test",
        language="en",
        text=f"{NAMED} Again.",
        meta={MARK: {"mode": "surrogate", "places": ["5-20:NAME"]}},
    ),
]


def gate(store: Store, policy: str, said: list[str]) -> Gate:
    return Gate(PrivacySettings(policy=policy), store, notify=said.append, run=3)


@pytest.fixture
def elsewhere(client: Client) -> Client:
    """A client of a Label Studio that is taken for another machine's."""
    client._server = HOST
    return client


@pytest.mark.parametrize("policy", ["block", "replace"])
def test_a_record_with_identifiers_is_refused_and_the_others_go(elsewhere, scheme, settings, sqlite_store, policy):
    sqlite_store.add_records(RECORDS)
    entity = Entity(id="T1", category="diagnosis", text="told by Dr. Redfern", alignment="none")
    sqlite_store.add_layers([Layer(record_id="r2", name="rules", author="rules@1", entities=(entity,))])
    said: list[str] = []
    elsewhere._gate = gate(sqlite_store, policy, said)
    pushed = push(sqlite_store, elsewhere, scheme, settings)
    assert (pushed.created, [id for id, _ in pushed.refused]) == (2, ["r1"])
    assert "Lindemann" not in json.dumps(pushed.refused)
    (line,) = sqlite_store.egress()
    assert (line.run, line.destination, line.address) == (3, "label-studio", HOST)
    assert (line.records, line.refused_records) == (("r2", "r3"), ("r1",))
    assert len(said) == 1
    again = push(sqlite_store, elsewhere, scheme, settings)
    assert (again.created, again.unchanged, [id for id, _ in again.refused]) == (0, 2, ["r1"])
    assert sqlite_store.egress()[0].texts == 2


def test_under_report_all_go_and_are_counted(elsewhere, scheme, settings, sqlite_store):
    sqlite_store.add_records(RECORDS)
    elsewhere._gate = gate(sqlite_store, "report", [])
    assert push(sqlite_store, elsewhere, scheme, settings).created == 3
    (line,) = sqlite_store.egress()
    assert (line.texts, line.with_identifiers, line.refused) == (3, 1, 0)


def test_without_a_gate_nothing_goes(elsewhere, scheme, settings, sqlite_store):
    sqlite_store.add_records(RECORDS)
    with pytest.raises(EgressBlockedError, match=HOST):
        push(sqlite_store, elsewhere, scheme, settings)


def test_to_a_label_studio_on_this_machine_all_goes_without_a_gate(client, scheme, settings, sqlite_store):
    sqlite_store.add_records(RECORDS)
    assert push(sqlite_store, client, scheme, settings).created == 3
    assert sqlite_store.egress() == []


def test_a_database_elsewhere_behind_the_server_here_is_a_destination(sqlite_store):
    settings = ReviewSettings(database="postgresql://label@db.hospital.example:5432/studio")
    said: list[str] = []
    with Client("http://127.0.0.1:1", "0" * 40, settings, gate(sqlite_store, "report", said)) as client:
        passage = client.passage
    assert passage is not None
    assert (passage.destination, passage.address) == (Destination.DATABASE, "db.hospital.example")
    with Client("http://127.0.0.1:1", "0" * 40, settings) as client, pytest.raises(EgressBlockedError):
        _ = client.passage

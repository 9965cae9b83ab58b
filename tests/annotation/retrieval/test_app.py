"""`POST /retrieve`, and who is answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest
from fastapi.testclient import TestClient

from annotation.label_studio.backend.basic_auth import BasicAuth
from annotation.llm.checked_examples import checked_examples
from annotation.llm.retrieved import RetrievedExamples
from annotation.retrieval.app import RetrieveService, make_retrieve_app
from annotation.settings import ExamplesSettings
from curation.egress.gate import Gate
from curation.egress.settings import Destination, PrivacySettings
from curation.errors import UsageError
from curation.record import Record
from curation.store.sets import CuratedSet

SET = CuratedSet(digest="d" * 32, name="curated", version=2, manifest={"splits": {}})
NAMED = "Mr. Kowalski, phone +49 30 1234567, had a [cough]{signs_symptoms} on 3 March 2021."


@pytest.fixture(scope="module")
def members(annotated):
    return [
        annotated("A man had [pain in the knee]{signs_symptoms} after a fall."),
        annotated("A woman had a [dry cough]{signs_symptoms} at night."),
        annotated(NAMED),
    ]


class Served:
    """The application over some examples; `gone` are ids of records that were deleted meanwhile."""

    def __init__(self, members, scheme, *, auth: BasicAuth | None = None, passage=None) -> None:
        self.gone: set[str] = set()
        self.records = {record.id: record for record, _ in members}
        examples = RetrievedExamples(SET, checked_examples(members, scheme), ExamplesSettings())
        service = RetrieveService(
            examples, "en", find=self.find, recognise=self.recognise, present=self.present, passage=passage
        )
        self.client = TestClient(make_retrieve_app(service, auth), base_url="http://127.0.0.1:9095")

    def find(self, id: str) -> Record:
        if id not in self.records:
            raise UsageError(f"expected a record, got {id!r}")
        return self.records[id]

    def recognise(self, record: Record) -> Record:
        return self.records.get(record.id, record)

    def present(self, ids: Sequence[str]) -> Collection[str]:
        return set(ids) - self.gone

    def ids(self, **asked: object) -> list[str]:
        answer = self.client.post("/retrieve", json=asked)
        assert answer.status_code == 200, answer.text
        return [example["id"] for example in answer.json()["examples"]]


def test_a_text_gets_the_examples_with_their_entities(members, scheme) -> None:
    served = Served(members, scheme)
    answer = served.client.post("/retrieve", json={"text": "A girl fell on her knee.", "number": 1}).json()
    record, layer = members[0]
    (entity,) = layer.entities
    assert answer["examples"] == [
        {
            "id": record.id,
            "score": answer["examples"][0]["score"],
            "text": record.text,
            "entities": [
                {
                    "text": "pain in the knee",
                    "category": "signs_symptoms",
                    "assertion": "present",
                    "fragments": [list(entity.spans[0])],
                }
            ],
            "labels": {},
        }
    ]
    assert (answer["set"], answer["ids"], answer["held_back"]) == ("curated@2", [record.id], 0)
    assert served.client.get("/health").json() == {"status": "UP", "set": "curated@2", "examples": {"en": 3}}


def test_a_record_of_the_set_is_not_its_own_example(members, scheme) -> None:
    served = Served(members, scheme)
    record, _ = members[0]
    assert record.id not in served.ids(record=record.id)
    assert len(served.ids(record=record.id)) == 2
    assert record.id not in served.ids(text=record.text)
    assert served.ids(text="Ein Mann mit Husten.", language="de") == []


def test_what_was_deleted_meanwhile_is_no_example(members, scheme) -> None:
    served = Served(members, scheme)
    served.gone.add(members[1][0].id)
    assert set(served.ids(text="A boy had a cough.")) == {members[0][0].id, members[2][0].id}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"no JSON",
        b"[" * 100_000,
        # Half of a surrogate pair, which no encoder and no store takes.
        b'{"text": "a \\ud800 b"}',
        b'{"record": "\\ud800"}',
        b'{"text": "fever", "language": "\\udfff"}',
        b"{}",
        b'{"text": "a", "record": "b"}',
        b'{"text": " "}',
        b'{"text": 7}',
        b'{"text": "a", "nummber": 3}',
        b'{"text": "a", "number": 0}',
        b'{"record": "nobody"}',
        b'{"text": "a\\u0000b"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_question_is_refused(members, scheme, body: bytes) -> None:
    answer = Served(members, scheme).client.post("/retrieve", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("expected")


def test_too_much_is_not_read(members, scheme) -> None:
    assert Served(members, scheme).client.post("/retrieve", content=b" " * 4_000_001).status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:9095"}, 200),
        ({"host": "[::1]:9095"}, 200),
        ({"origin": "http://127.0.0.1:8080"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://[bad"}, 403),
        ({"host": "evil.example:9095"}, 403),
    ],
)
def test_web_pages_are_not_answered(members, scheme, headers: dict[str, str], status: int) -> None:
    answer = Served(members, scheme).client.post("/retrieve", json={"text": "A cough."}, headers=headers)
    assert answer.status_code == status


def test_where_a_password_is_wanted_nothing_is_answered_without(members, scheme) -> None:
    client = Served(members, scheme, auth=BasicAuth("clincurate", "secret")).client
    for path in ("/retrieve", "/health"):
        assert client.post(path, json={"text": "A cough."}).status_code == 401
    assert client.post("/retrieve", json={"text": "A cough."}, auth=("clincurate", "wrong")).status_code == 401
    headers = {"host": "curation.hospital.example"}
    answer = client.post("/retrieve", json={"text": "A cough."}, auth=("clincurate", "secret"), headers=headers)
    assert answer.status_code == 200


def test_texts_with_identifiers_do_not_leave_where_the_policy_keeps_them(members, scheme, sqlite_store) -> None:
    gate = Gate(PrivacySettings(policy="block"), sqlite_store, notify=lambda line: None)
    passage = gate.passage(Destination.SERVER, "10.0.0.7:9095")
    served = Served(members, scheme, auth=BasicAuth("clincurate", "secret"), passage=passage)
    served.client.auth = ("clincurate", "secret")
    answer = served.client.post("/retrieve", json={"text": "A boy had a cough."})
    assert answer.json()["held_back"] == 1
    assert "Kowalski" not in answer.text
    (line,) = sqlite_store.egress()
    assert (line.texts, line.refused) == (2, 1)

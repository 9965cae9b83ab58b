"""What leaves this machine through the live back end: to a language model elsewhere, and to who asks from elsewhere.

Nothing does here: servers on loopback are taken for another machine's.
"""

from __future__ import annotations

import json

import pytest
from chat_server import chat_server, extraction

from annotation.label_studio.backend.state import backend_folder
from annotation.label_studio.settings import BackendSettings
from annotation.review_settings import ReviewSettings
from curation.egress.gate import Gate
from curation.egress.settings import PrivacySettings
from curation.errors import EgressBlockedError
from curation.models.settings import EndpointModelSettings
from curation.record import Record

NAMED = "Mrs. Karin Lindemann has fever."
PLAIN = "A man has fever."
REMOTE = ReviewSettings(backend=BackendSettings(annotator="llm:m", deadline=30))


@pytest.fixture
def gate(sqlite_store):
    """Makes a gate under a policy, which knows the records of the store by their texts."""

    def make(policy: str, **released: object) -> Gate:
        return Gate(
            PrivacySettings(policy=policy),
            sqlite_store,
            notify=lambda line: None,
            recognise=lambda record: sqlite_store.with_text(record.text) or record,
            **released,
        )

    return make


@pytest.fixture
def model(monkeypatch):
    """A language model on this machine that is taken for one elsewhere."""
    monkeypatch.setattr("curation.models.endpoint.model.remote_host", lambda url: "llm.hospital.example")
    with chat_server() as server:
        server.respond = lambda body: extraction(("fever", "signs_symptoms"))
        yield server


def models(server) -> dict[str, EndpointModelSettings]:
    return {"m": EndpointModelSettings(urls=server.url, attempts=1)}


def test_under_block_a_text_with_identifiers_gets_no_prediction_from_a_model_elsewhere(
    run_backend, model, gate, scheme, tmp_path, sqlite_store
):
    named = Record(id="r1", group="g", source="test", language="en", text=NAMED)
    sqlite_store.add_records([named])
    with run_backend(
        tmp_path / "w", scheme, REMOTE, models=models(model), gate=gate("block"), store=sqlite_store
    ) as backend:
        blocked, answered = backend.predict(NAMED, PLAIN)
    assert (blocked, len(answered["result"])) == ([], 1)
    assert "Lindemann" not in json.dumps(model.requests)
    (line,) = sqlite_store.egress()
    assert (line.destination, line.run, line.texts, line.refused_records) == ("model", None, 2, ("r1",))


def test_what_a_person_released_is_known_by_its_text(run_backend, model, gate, scheme, tmp_path, sqlite_store):
    sqlite_store.add_records([Record(id="r1", group="g", source="test", language="en", text=NAMED)])
    released = gate("block", released=lambda id, destination: id == "r1")
    with run_backend(
        tmp_path / "w", scheme, REMOTE, models=models(model), gate=released, store=sqlite_store
    ) as backend:
        (answered,) = backend.predict(NAMED)
    assert len(answered["result"]) == 1


def test_what_a_model_answers_to_the_back_end_is_kept_and_found_again(
    run_backend, model, gate, scheme, tmp_path, sqlite_store
):
    sqlite_store.add_records([Record(id="r1", group="g", source="test", language="en", text=NAMED)])
    released = gate("allow")
    for _ in range(2):
        with run_backend(
            tmp_path / "w", scheme, REMOTE, models=models(model), gate=released, store=sqlite_store
        ) as backend:
            (answered,) = backend.predict(NAMED)
        assert len(answered["result"]) == 1
    assert len(model.requests) == 1
    spending, canary = sqlite_store.spending()
    assert (canary.purpose, canary.answers) == ("probe", 1)
    assert (spending.model, spending.answers) == ("m", 1)


@pytest.mark.parametrize("policy", ["replace", None])
def test_it_does_not_start_where_nothing_may_go_to_the_model(run_backend, model, gate, scheme, tmp_path, policy):
    with (
        pytest.raises(EgressBlockedError),
        run_backend(tmp_path / "w", scheme, REMOTE, models=models(model), gate=policy and gate(policy)),
    ):
        pass
    assert model.requests == []


@pytest.fixture
def beyond(monkeypatch):
    """A server on loopback that is taken for one that others reach."""
    monkeypatch.setattr("curation.egress.gate.is_this_machine", lambda host: False)


def test_who_asks_from_elsewhere_gets_nothing_about_a_text_with_identifiers(
    run_backend, beyond, gate, scheme, tmp_path, sqlite_store
):
    with run_backend(tmp_path / "w", scheme, ReviewSettings(), gate=gate("block")) as backend:
        held, answered = backend.predict(NAMED, PLAIN)
    assert (held["result"], len(answered["result"]) > 0) == ([], True)
    (line,) = sqlite_store.egress()
    assert (line.destination, line.texts, line.refused) == ("server", 1, 1)


def test_a_back_end_that_others_reach_wants_a_password_whatever_was_noted_before(
    run_backend, beyond, gate, scheme, tmp_path
):
    (tmp_path / "w").mkdir()
    secrets = backend_folder(tmp_path / "w") / "secrets.json"
    secrets.write_text(json.dumps({"login": "clincurate", "password": ""}), encoding="utf-8")
    with run_backend(tmp_path / "w", scheme, ReviewSettings(), gate=gate("report")):
        assert len(json.loads(secrets.read_text(encoding="utf-8"))["password"]) > 20

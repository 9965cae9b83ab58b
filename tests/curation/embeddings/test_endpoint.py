"""An encoder behind /v1/embeddings, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from embedding_server import EmbeddingServer, counts, embedding_server, vectors

from curation.egress.gate import Gate
from curation.egress.settings import PrivacySettings
from curation.embeddings.encoder import load_encoder
from curation.embeddings.endpoint import KEY, KEY_HOST, PROBES, EndpointEncoder
from curation.errors import ConfigError, EgressBlockedError, EncoderError, may_pass


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with embedding_server() as state:
        yield state


def encoder(server: EmbeddingServer, model: str = "counting") -> EndpointEncoder:
    return EndpointEncoder(f"{server.url}#{model}", wait=0.01)


@pytest.mark.parametrize("path", ["", "/", "/embeddings", "/embeddings/"])
def test_texts_become_vectors_of_length_one_in_their_order(server: EmbeddingServer, path: str) -> None:
    loaded = load_encoder(f"{server.url}{path}#counting")
    texts = [f"Fieber seit {number} Tagen" for number in range(70)] + ["", "\ud800"]
    found = loaded.encode(texts)
    assert (found.shape, found.dtype) == ((72, 6), np.dtype("float32"))
    expected = np.array([counts(text) for text in texts[:70]])
    assert np.allclose(found[:70], expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert loaded.encode([]).shape == (0, 6)
    assert set(server.paths) == {"/v1/embeddings"}
    assert max(len(body["input"]) for body in server.requests) == 32
    assert {body["model"] for body in server.requests} == {"counting"}
    assert (loaded.name, loaded.remote) == ("counting", None)


def test_answers_out_of_order_are_put_in_order(server: EmbeddingServer) -> None:
    straight = encoder(server).encode(["aaa", "eee", "iii"])

    def reversed_rows(body):
        status, answer = vectors(body)
        return status, answer | {"data": answer["data"][::-1]}

    server.respond = reversed_rows
    assert np.array_equal(encoder(server).encode(["aaa", "eee", "iii"]), straight)


def test_each_text_is_sent_once_now_and_later(server: EmbeddingServer, tmp_path: Path) -> None:
    first = encoder(server).cached_in(tmp_path / "v.db")
    found = first.encode(["cough", "fever", "cough"])
    again = encoder(server).cached_in(tmp_path / "v.db").encode(["fever", "cough"])
    assert np.array_equal(again, found[[1, 0]])
    assert sorted(text for text in server.texts if text not in PROBES) == ["cough", "fever"]


def test_another_model_behind_the_same_name_is_another_revision(server: EmbeddingServer) -> None:
    first = encoder(server)
    assert encoder(server).revision == first.revision
    assert encoder(server, "other").revision != first.revision

    def other(body):
        rows = [{"index": index, "embedding": counts(text)[::-1]} for index, text in enumerate(body["input"])]
        return 200, {"data": rows}

    server.respond = other
    assert encoder(server).revision != first.revision


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (401, {}, "denied"),
        (404, {}, "denied"),
        (400, {}, "rejected"),
        (302, {}, "rejected"),
        (200, b"no JSON", "rejected"),
        (200, {"data": []}, "rejected"),
        (200, {"data": [{"index": 0}]}, "rejected"),
        (200, [], "rejected"),
        (500, {}, "unreachable"),
        (429, {}, "unreachable"),
    ],
)
def test_a_server_without_vectors_is_an_error_in_one_line(server, status, answer, kind) -> None:
    server.respond = lambda body: (status, answer)
    with pytest.raises(EncoderError) as error:
        encoder(server)
    assert error.value.kind == kind
    assert "\n" not in str(error.value)
    assert may_pass(error.value) is (kind in ("denied", "unreachable"))
    assert len(server.requests) == (5 if kind == "unreachable" else 1)


@pytest.mark.parametrize("numbers", [[0.0] * 6, [float("nan")] * 6, [1.0] * 5, ["a"] * 6, []])
def test_what_is_no_vector_is_refused(server: EmbeddingServer, numbers: list[object]) -> None:
    loaded = encoder(server)
    server.respond = lambda body: (
        200,
        {"data": [{"index": index, "embedding": numbers} for index, _ in enumerate(body["input"])]},
    )
    with pytest.raises(EncoderError, match="rejected"):
        loaded.encode(["cough", "fever"])


def test_a_server_that_is_busy_is_asked_again(server: EmbeddingServer) -> None:
    def busy_at_first(body):
        return vectors(body) if len(server.requests) > 2 else (503, {})

    server.respond = busy_at_first
    assert encoder(server).dimensions == 6


def test_the_key_goes_to_its_host_only(server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "secret")
    encoder(server)
    monkeypatch.setenv(KEY_HOST, "127.0.0.1")
    encoder(server)
    assert set(server.keys) == {"Bearer secret"}
    monkeypatch.setenv(KEY_HOST, "elsewhere.example")
    with pytest.raises(ConfigError, match="the key was not sent"):
        encoder(server)
    monkeypatch.setenv(KEY, "grüße")
    monkeypatch.delenv(KEY_HOST)
    with pytest.raises(ConfigError, match="printable ASCII"):
        encoder(server)


@pytest.mark.parametrize(
    "name",
    [
        "http://127.0.0.1:1/v1",
        "http://127.0.0.1:1/v1#",
        "http://#m",
        "http://anna:pw@127.0.0.1:1/v1#m",
        "http://127.0.0.1:99999/v1#m",
        "http://127.0.0.1:1/v1?key=pw#m",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(ConfigError, match="ADDRESS#MODEL") as error:
        load_encoder(name)
    assert "pw" not in str(error.value)


def test_nothing_is_sent_to_another_machine_without_the_gate() -> None:
    with pytest.raises(EgressBlockedError):
        load_encoder("https://vectors.example.org/v1#m")


@pytest.mark.parametrize("policy", ["block", "replace", "report"])
def test_texts_pass_the_gate_on_their_way_to_another_machine(server, sqlite_store, monkeypatch, policy: str) -> None:
    monkeypatch.setattr("curation.embeddings.endpoint.remote_host", lambda url: "vectors.example.org")
    said: list[str] = []
    gate = Gate(PrivacySettings(policy=policy), sqlite_store, notify=said.append)
    if policy == "replace":
        with pytest.raises(EgressBlockedError, match="embedding"):
            EndpointEncoder(f"{server.url}#m", gate)
        assert server.requests == []
        return
    loaded = EndpointEncoder(f"{server.url}#m", gate)
    assert loaded.remote == "vectors.example.org"
    assert len(said) == 1
    assert "vectors.example.org" in said[0]
    # Said in German: whoever reads it as English finds no date.
    identified = "Herr Kowalski, geboren am 3. Oktober 1951, hat Fieber."
    if policy == "report":
        loaded.encode([identified])
    else:
        loaded.encode(["Fever for two days."])
        with pytest.raises(EgressBlockedError, match="block"):
            loaded.encode([identified])
    assert (identified in server.texts) is (policy == "report")
    (line,) = sqlite_store.egress()
    assert (line.destination, line.refused) == ("embedding", int(policy == "block"))

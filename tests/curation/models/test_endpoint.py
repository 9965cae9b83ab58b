"""The client of a language model against a real HTTP server, bad ones included."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from chat_server import Answer, ChatServer, chat_server, completion
from pydantic import ValidationError

from curation.errors import ConfigError, LanguageModelError, UsageError
from curation.models.endpoint import KEY, KEY_HOST, LanguageModel, Message, Reply
from curation.settings import EndpointSettings

ASKED = [Message("system", "Extract."), Message("user", "A report.")]
SCHEMA = {"type": "object"}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


def model(server: ChatServer, **settings: object) -> LanguageModel:
    quick = {"backoff": 0.01, "timeout": 5.0, "attempts": 3}
    return LanguageModel(EndpointSettings(url=server.url, model="m", **{**quick, **settings}), None)


def test_a_conversation_goes_out_and_the_answer_comes_back(server, monkeypatch):
    monkeypatch.setenv(KEY, "sk-secret")
    server.respond = lambda body: completion("hello")
    with model(server) as opened:
        assert opened(ASKED, SCHEMA) == Reply("hello", "served-model", "schema", 11, 7)
    (body,) = server.requests
    assert body["messages"] == [{"role": "system", "content": "Extract."}, {"role": "user", "content": "A report."}]
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("m", 0, 8192)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert (server.keys, server.paths) == (["Bearer sk-secret"], ["/v1/chat/completions"])


def test_a_key_goes_to_its_own_host_only(server, monkeypatch):
    host = server.url.split("/")[2]
    monkeypatch.setenv(KEY, "sk-secret")
    for bound in ("models.example.org", "127.0.0.2", "127.0.0.1:1", "localhost"):
        monkeypatch.setenv(KEY_HOST, bound)
        with pytest.raises(ConfigError, match="the key was not sent") as refused:
            model(server)
        assert "sk-secret" not in str(refused.value)
    server.respond = lambda body: completion("hello")
    for bound in (host, "127.0.0.1", ""):
        monkeypatch.setenv(KEY_HOST, bound)
        with model(server) as opened:
            opened(ASKED)
    assert server.keys == ["Bearer sk-secret"] * 3
    monkeypatch.delenv(KEY)
    monkeypatch.setenv(KEY_HOST, "models.example.org")
    with model(server) as opened:
        opened(ASKED)
    assert server.keys[3:] in ([None], [""])


def test_another_host_that_a_server_points_to_gets_neither_key_nor_text(server, monkeypatch):
    monkeypatch.setenv(KEY, "sk-secret")
    with chat_server() as other:
        server.respond = lambda body: Answer(b"", 307, {"location": f"{other.url}/chat/completions"})
        with pytest.raises(LanguageModelError, match="rejected"):
            model(server)(ASKED)
        assert (other.keys, other.requests) == ([], [])


def test_nothing_is_sent_without_an_address_or_a_model():
    with pytest.raises(UsageError, match="nothing is sent anywhere unless"):
        LanguageModel(EndpointSettings(model="m"), None)
    with pytest.raises(UsageError, match="its name"):
        LanguageModel(EndpointSettings(url="http://127.0.0.1:1/v1"), None)


def test_secrets_stay_out_of_addresses_and_messages(server, monkeypatch):
    for url in ("http://user:hunter2@h/v1", "https://h/v1?key=hunter2", "ftp://h", "hunter2"):
        with pytest.raises(ValidationError) as refused:
            EndpointSettings(url=url)
        assert "expected an http(s) address" in str(refused.value)
    monkeypatch.setenv(KEY, "hunter2\nx: y")
    with pytest.raises(ConfigError) as wrong:
        model(server)
    assert "hunter2" not in str(wrong.value)
    monkeypatch.setenv(KEY, "hunter2")
    server.respond = lambda body: Answer(b"your key hunter2 and A report.", 401)
    with pytest.raises(LanguageModelError) as denied:
        model(server)(ASKED)
    assert denied.value.kind == "denied"
    assert "hunter2" not in str(denied.value)
    assert "A report" not in str(denied.value)


def test_a_busy_server_is_asked_again_after_the_time_it_names(server):
    answers = iter([Answer(b"", 429, {"retry-after": "0.4"}), Answer(b"", 503), completion("at last")])
    server.respond = lambda body: next(answers)
    began = time.monotonic()
    assert model(server)(ASKED).text == "at last"
    assert time.monotonic() - began >= 0.4
    assert len(server.requests) == 3


def test_the_time_that_a_server_names_may_be_a_date_and_is_not_waited_for_ever(server):
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    answers = iter([Answer(b"", 429, {"retry-after": later}), completion("at last")])
    server.respond = lambda body: next(answers)
    began = time.monotonic()
    assert model(server, longest_wait=0.3)(ASKED).text == "at last"
    assert 0.3 <= time.monotonic() - began < 30


def test_a_server_that_stays_broken_is_given_up(server):
    server.respond = lambda body: Answer(b"", 500)
    with pytest.raises(LanguageModelError, match=r"^unreachable: expected an answer in 3 attempts.*HTTP 500"):
        model(server)(ASKED)
    assert len(server.requests) == 3


def test_a_server_that_never_answers_is_given_up(server):
    server.respond = lambda body: time.sleep(0.5) or completion("too late")
    with pytest.raises(LanguageModelError, match=r"unreachable.*ReadTimeout"):
        model(server, timeout=0.1, attempts=2)(ASKED)


def test_nobody_at_the_address_is_told():
    settings = EndpointSettings(url="http://127.0.0.1:9/v1", model="m", attempts=2, backoff=0)
    with pytest.raises(LanguageModelError, match=r"unreachable.*ConnectError"):
        LanguageModel(settings, None)(ASKED)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (completion(None, refusal="I cannot help with that."), "refused"),
        (completion("half", ended="content_filter"), "refused"),
        (completion('{"entities": [', ended="length"), "truncated"),
        (completion(""), "empty"),
        (completion(None), "empty"),
        (Answer(b"<html>proxy</html>"), "unparsable"),
        (Answer(b"[]"), "unparsable"),
        (Answer(json.dumps({"choices": []}).encode()), "unparsable"),
        (Answer(b"", 400), "rejected"),
        (Answer(b"", 302, {"location": "http://elsewhere.example/"}), "rejected"),
        (Answer(b"", 404), "denied"),
    ],
)
def test_what_is_no_whole_answer_is_an_error_of_its_kind(server, answer, kind):
    server.respond = lambda body: answer
    with pytest.raises(LanguageModelError) as error:
        model(server)(ASKED)
    assert error.value.kind == kind
    assert len(server.requests) == 1


def test_a_server_that_knows_no_schema_is_asked_in_a_simpler_form_from_then_on(server):
    def respond(body):
        form = body.get("response_format", {}).get("type")
        return Answer(b"", 400) if form == "json_schema" else completion(str(form))

    server.respond = respond
    opened = model(server)
    assert [opened(ASKED, SCHEMA).form, opened(ASKED, SCHEMA).form] == ["json", "json"]
    assert len(server.requests) == 3


def test_a_form_that_the_settings_name_is_the_only_one(server):
    server.respond = lambda body: completion(json.dumps(sorted(body)))
    assert "response_format" not in json.loads(model(server, structured="off")(ASKED, SCHEMA).text)
    server.respond = lambda body: Answer(b"", 400)
    with pytest.raises(LanguageModelError, match="rejected"):
        model(server, structured="schema")(ASKED, SCHEMA)

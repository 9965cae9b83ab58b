"""The client of a language model at an address, against a server that misbehaves over real HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from language_model_server import MisbehavingServer, Reply, completion, language_model_server, stream
from pydantic import ValidationError

from curation.errors import ConfigError, LanguageModelError, may_pass
from curation.models.contract import Answer, Finish, Message, Request, TokenProbability, answer_key
from curation.models.endpoint.model import EndpointModel
from curation.models.endpoint.transport import MOST
from curation.models.settings import KEY_ENV, EndpointModelSettings

ASKED = (Message("system", "Extract."), Message("user", "A report."))
SCHEMA = {"type": "object"}
KEY_HOST = f"{KEY_ENV}_HOST"


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with language_model_server() as running:
        yield running


def request(**more: object) -> Request:
    return Request("m", ASKED, **more)


def made(*urls: str, **settings: object) -> EndpointModel:
    return EndpointModel("m", EndpointModelSettings(urls=urls, **{"timeout": 5.0, **settings}), None)


def answers(model: EndpointModel, *requests: Request, at_once: bool = False) -> list[Answer | LanguageModelError]:
    """The answer to each request, or the error in its place; the model is closed afterwards."""

    async def answer(request: Request) -> Answer | LanguageModelError:
        try:
            return await model.attempt(request)
        except LanguageModelError as error:
            return error

    async def all_of_them() -> list[Answer | LanguageModelError]:
        try:
            if at_once:
                return await asyncio.gather(*map(answer, requests))
            return [await answer(request) for request in requests]
        finally:
            await model.close()

    return asyncio.run(all_of_them())


def answered(model: EndpointModel, **more: object) -> Answer | LanguageModelError:
    return answers(model, request(**more))[0]


def test_a_conversation_goes_out_and_the_answer_comes_back(server, monkeypatch):
    monkeypatch.setenv(KEY_ENV, "sk-secret")
    server.respond = lambda body: completion("hello")
    found = answered(made(server.url, prices={"input": 2, "output": 10}), schema=SCHEMA)
    assert (found.text, found.finish, found.model, found.form) == ("hello", Finish.STOP, "served-model", "schema")
    assert (found.tokens_in, found.tokens_out, found.cost) == (11, 7, pytest.approx(92e-6))
    assert found.seconds > 0
    (body,) = server.requests
    assert body["messages"] == [{"role": "system", "content": "Extract."}, {"role": "user", "content": "A report."}]
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("m", 0, 8192)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert (server.keys, server.paths) == (["Bearer sk-secret"], ["/v1/chat/completions"])


def test_sampling_of_a_request_goes_before_the_settings_and_each_sample_has_a_seed_of_its_own(server):
    answers(made(server.url), request(sampling={"max_tokens": 99, "temperature": 0.7}), request(sample=2))
    assert [(body["max_tokens"], body["temperature"], body["seed"]) for body in server.requests] == [
        (99, 0.7, 0),
        (8192, 0, 2),
    ]


def test_a_key_goes_to_its_own_hosts_only(server, monkeypatch):
    host = server.url.split("/")[2]
    monkeypatch.setenv(KEY_ENV, "sk-secret")
    for bound in ("models.example.org", "127.0.0.2", "127.0.0.1:1", "localhost", "a.example, b.example"):
        monkeypatch.setenv(KEY_HOST, bound)
        with pytest.raises(ConfigError, match="the key was not sent") as refused:
            made(server.url)
        assert "sk-secret" not in str(refused.value)
    for bound in (host, "127.0.0.1", "", f"models.example.org, {host}"):
        monkeypatch.setenv(KEY_HOST, bound)
        answered(made(server.url))
    assert server.keys == ["Bearer sk-secret"] * 4
    monkeypatch.delenv(KEY_ENV)
    monkeypatch.setenv(KEY_HOST, "models.example.org")
    answered(made(server.url))
    assert server.keys[4:] == [None]


def test_a_section_may_name_the_variable_of_its_key(server, monkeypatch):
    with pytest.raises(ConfigError, match="expected a key in the variable MY_KEY of the environment"):
        made(server.url, key_env="MY_KEY")
    monkeypatch.setenv("MY_KEY", "sk-mine")
    monkeypatch.setenv(KEY_ENV, "sk-other")
    answered(made(server.url, key_env="MY_KEY"))
    assert server.keys == ["Bearer sk-mine"]
    monkeypatch.setenv("MY_KEY_HOST", "api.example.org")
    with pytest.raises(ConfigError, match=r"api\.example\.org, which MY_KEY belongs to"):
        made(server.url, key_env="MY_KEY")


def test_another_host_that_a_server_points_to_gets_neither_key_nor_text(server, monkeypatch):
    monkeypatch.setenv(KEY_ENV, "sk-secret")
    with language_model_server() as other:
        for status in (301, 302, 303, 307, 308):
            headers = {"location": f"{other.url}/chat/completions"}
            server.respond = lambda body, status=status, headers=headers: Reply(status=status, headers=headers)
            assert answered(made(server.url)).kind == "rejected"
        assert (other.keys, other.requests) == ([], [])


def test_what_stays_on_this_machine_goes_through_no_proxy(server, monkeypatch):
    with language_model_server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        answered(made(server.url, proxy=proxy.url))
        assert (len(server.requests), proxy.requests) == (1, [])


def test_another_machine_is_reached_through_the_proxy_that_is_named(monkeypatch):
    monkeypatch.setattr("curation.models.endpoint.model.remote_host", lambda url: None)
    with language_model_server() as proxy:
        proxy.respond = lambda body: completion("by proxy")
        assert answered(made("http://llm.example.org/v1", proxy=proxy.url)).text == "by proxy"
        monkeypatch.setenv("http_proxy", proxy.url)
        assert answered(made("http://llm.example.org/v1")).text == "by proxy"
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(ConfigError, match=r"expected an http\(s\) proxy"):
        made("http://llm.example.org/v1")


def test_a_file_of_certificates_that_is_none_is_told(server, tmp_path):
    (tmp_path / "ca.pem").write_text("none")
    for name in ("ca.pem", "nowhere.pem"):
        with pytest.raises(ConfigError, match="expected certificates"):
            made(server.url, ca_bundle=tmp_path / name)


def test_secrets_stay_out_of_addresses_and_messages(server, monkeypatch):
    for url in ("http://user:hunter2@h/v1", "https://h/v1?key=hunter2", "ftp://h", "hunter2", "http://h:99999999/v1"):
        for key in ("urls", "proxy"):
            with pytest.raises(ValidationError) as refused:
                EndpointModelSettings(**{"urls": server.url, key: url})
            assert "expected an http(s) address" in str(refused.value)
            assert "hunter2" not in str(refused.value)
    with pytest.raises(ValidationError, match="not the key itself"):
        EndpointModelSettings(urls=server.url, key_env="sk-hunter2")
    monkeypatch.setenv(KEY_ENV, "hunter2\nx: y")
    with pytest.raises(ConfigError) as wrong:
        made(server.url)
    assert "hunter2" not in str(wrong.value)
    monkeypatch.setenv(KEY_ENV, "hunter2")
    server.respond = lambda body: Reply(b"your key hunter2 and A report.", 401)
    denied = answered(made(server.url))
    assert denied.kind == "denied"
    assert "hunter2" not in str(denied)
    assert "A report" not in str(denied)


@pytest.mark.parametrize(
    ("reply", "kind", "wait"),
    [
        (Reply(status=429, headers={"retry-after": "0.4"}), "busy", 0.4),
        (Reply(status=429), "busy", None),
        (Reply(status=429, headers={"retry-after": "soon"}), "busy", None),
        (Reply(b'{"error": {"code": "insufficient_quota"}}', 429), "denied", None),
        (Reply(status=529), "busy", None),
        (Reply(status=503, headers={"retry-after": "7"}), "busy", 7),
        (Reply(status=503), "unreachable", None),
        (Reply(status=500), "unreachable", None),
        (Reply(status=504), "timeout", None),
        (Reply(status=408), "timeout", None),
        (Reply(status=400), "rejected", None),
        (Reply(status=204), "rejected", None),
        (Reply(status=302, headers={"location": "http://elsewhere.example/"}), "rejected", None),
        *((Reply(status=status), "denied", None) for status in (401, 402, 403, 404)),
        (Reply(b"<html>proxy</html>"), "unparsable", None),
        (Reply(b'{"choices": [{"message": {"content": "ha'), "unparsable", None),
        (Reply(b"[]"), "unparsable", None),
        (Reply(b"[" * 100_000), "unparsable", None),
        (Reply(json.dumps({"choices": []}).encode()), "unparsable", None),
        (Reply(json.dumps({"choices": [{"message": {"content": 5}}]}).encode()), "unparsable", None),
        (Reply(b"x" * (MOST + 1)), "unparsable", None),
        (Reply(b'{"choices"', cut=True), "unreachable", None),
        (completion("half", ended="error"), "unreachable", None),
        (Reply(hang=True), "timeout", None),
        (completion("late", after=2.0), "timeout", None),
    ],
)
def test_what_is_no_answer_is_an_error_of_its_kind_and_nothing_is_sent_again(server, reply, kind, wait):
    server.respond = lambda body: reply
    began = time.monotonic()
    error = answered(made(server.url, timeout=0.5))
    assert isinstance(error, LanguageModelError)
    assert (error.kind, error.retry_after) == (kind, wait and pytest.approx(wait, abs=0.1))
    assert len(server.requests) == 1
    assert time.monotonic() - began < 3


def test_the_time_that_a_server_names_may_be_a_date(server):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    server.respond = lambda body: Reply(status=429, headers={"retry-after": later})
    assert answered(made(server.url)).retry_after == pytest.approx(90, abs=3)


def test_nobody_at_the_address_is_told():
    error = answered(made("http://127.0.0.1:9/v1"))
    assert (error.kind, "ClientConnectorError" in str(error)) == ("unreachable", True)


@pytest.mark.parametrize(
    ("reply", "finish", "text"),
    [
        (completion(None, refusal="I cannot help with that."), Finish.REFUSED, ""),
        (completion("half", ended="content_filter"), Finish.REFUSED, "half"),
        (completion("", ended="content_filter: PROHIBITED_CONTENT"), Finish.REFUSED, ""),
        (completion("", ended="RECITATION"), Finish.REFUSED, ""),
        (completion([{"type": "refusal", "refusal": "I cannot help."}]), Finish.REFUSED, ""),
        (Reply(b'{"error": {"code": "content_filter"}}', 400), Finish.REFUSED, ""),
        (completion('{"entities": [', ended="length"), Finish.TRUNCATED, '{"entities": ['),
        (completion("", ended="length"), Finish.TRUNCATED, ""),
        (completion("{" + " " * 300, ended="length"), Finish.LOOPING, "{" + " " * 300),
        (completion('{"dose": ' + "3" * 300, ended="length"), Finish.LOOPING, '{"dose": ' + "3" * 300),
        (completion(""), Finish.EMPTY, ""),
        (completion(" \n"), Finish.EMPTY, " \n"),
        (completion(None, ended="tool_calls"), Finish.EMPTY, ""),
        (completion("whole", ended=None), Finish.STOP, "whole"),
        (completion([{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}]), Finish.STOP, "in parts"),
    ],
)
def test_an_answer_says_how_it_ended_and_is_kept_as_it_came(server, reply, finish, text):
    server.respond = lambda body: reply
    found = answered(made(server.url, structured="off"))
    assert (found.finish, found.text) == (finish, text)
    assert len(server.requests) == 1


def test_probabilities_come_along_where_the_server_gives_them(server):
    content = [{"token": "he", "logprob": -0.1}, {"token": "llo", "logprob": -2.5}]
    server.respond = lambda body: completion("hello", logprobs={"content": content})
    assert answered(made(server.url)).logprobs == (TokenProbability("he", -0.1), TokenProbability("llo", -2.5))
    server.respond = lambda body: completion("hello", usage=None)
    found = answered(made(server.url))
    assert (found.logprobs, found.tokens_in, found.tokens_out, found.cost) == (None, None, None, None)


def token(text: str, logprob: object, encoded: bytes | None = None) -> dict[str, object]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode() if encoded is None else encoded)}


def test_probabilities_are_asked_for_where_the_settings_say_so(server):
    server.respond = lambda body: completion("hi", logprobs={"content": [token("hi", -0.1)]})
    plain, asking = made(server.url), made(server.url, logprobs=True)
    answered(plain)
    assert "logprobs" not in server.requests[0]
    assert answered(asking, sampling={"temperature": 1}).logprobs == (TokenProbability("hi", -0.1),)
    assert (server.requests[1]["logprobs"], server.requests[1]["temperature"]) == (True, 1)
    # Answers that were paid for without them are others.
    assert answer_key(plain.identity, request()) != answer_key(asking.identity, request())


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_to_tell_probabilities_is_asked_without_them_from_then_on(server, status):
    server.respond = lambda body: Reply(status=status) if body.get("logprobs") else completion("hi")
    model = made(server.url, logprobs=True)
    found = answers(model, *[request(schema=SCHEMA)] * 2)
    assert [(one.text, one.form, one.logprobs) for one in found] == [("hi", "schema", None)] * 2
    assert [bool(body.get("logprobs")) for body in server.requests] == [True, True, True, False, False]


def test_a_server_that_has_told_them_is_not_asked_without_them_when_it_refuses_something_else(server):
    server.respond = lambda body: (
        Reply(status=400) if "too long" in body["messages"][0]["content"] else completion("hi")
    )
    model = made(server.url, logprobs=True)
    found = answers(model, request(), replace(request(), messages=(Message("user", "too long"),)), request())
    assert [getattr(one, "kind", "answered") for one in found] == ["answered", "rejected", "answered"]
    assert all(body["logprobs"] for body in server.requests)


@pytest.mark.parametrize("stream_it", [False, True])
def test_a_character_of_several_tokens_is_one_piece(server, stream_it):
    face = "\U0001f600".encode()
    content = [token("a", -0.5), token("\\xf0", -0.25, face[:1]), token("", -0.5, face[1:]), token("b", -10_000.0)]
    if stream_it:
        chunks = [{"choices": [{"delta": {"content": "a\U0001f600b"}, "logprobs": None}]}]
        chunks += [{"choices": [{"delta": {}, "logprobs": {"content": [part]}}]} for part in content]
        chunks += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}]
        events = tuple(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
        reply = Reply(pieces=events, headers={"content-type": "text/event-stream"})
    else:
        reply = completion("a\U0001f600b", logprobs={"content": content})
    server.respond = lambda body: reply
    expected = (TokenProbability("a", -0.5), TokenProbability("\U0001f600", -0.75), TokenProbability("b", -9999.0))
    assert answered(made(server.url, logprobs=True, stream=stream_it)).logprobs == expected


@pytest.mark.parametrize(
    ("logprobs", "pieces"),
    [
        ({"tokens": ["h", "i"], "token_logprobs": [-0.5, 0.0]}, ("h", "i")),
        ({"tokens": ["h", "i"], "token_logprobs": [-0.5]}, None),
        ({"content": [{"token": "hi", "logprob": None}]}, None),
        ({"content": [{"token": "hi", "logprob": float("nan")}]}, None),
        ({"content": [{"token": "hi", "logprob": "-1"}]}, None),
        ({"content": [{"token": None, "logprob": -1}]}, None),
        ({"content": [{"token": "hi", "bytes": [300], "logprob": -1}]}, None),
        ({"content": ["hi"]}, None),
        ({"content": {}}, None),
        ({"content": None, "refusal": None}, None),
        ([], None),
        ("none", None),
    ],
)
def test_the_answer_is_kept_whatever_is_wrong_with_its_probabilities(server, logprobs, pieces):
    server.respond = lambda body: completion("hi", logprobs=logprobs)
    found = answered(made(server.url, logprobs=True))
    assert found.text == "hi"
    assert (found.logprobs and tuple(piece.text for piece in found.logprobs)) == pieces


def test_a_server_that_knows_no_schema_is_asked_in_a_simpler_form_from_then_on(server):
    def respond(body):
        form = body.get("response_format", {}).get("type")
        return Reply(status=400) if form == "json_schema" else completion(str(form))

    server.respond = respond
    found = answers(made(server.url), *[request(schema=SCHEMA)] * 2)
    assert [answer.form for answer in found] == ["json", "json"]
    assert len(server.requests) == 3


def test_a_form_that_the_settings_name_is_the_only_one(server):
    server.respond = lambda body: completion(json.dumps(sorted(body)))
    assert "response_format" not in json.loads(answered(made(server.url, structured="off"), schema=SCHEMA).text)
    server.respond = lambda body: Reply(status=400)
    assert answered(made(server.url, structured="schema"), schema=SCHEMA).kind == "rejected"


def test_an_answer_may_come_piece_by_piece(server):
    server.respond = lambda body: stream("hel", "lo", pause=0.01)
    found = answered(made(server.url, stream=True))
    assert (found.text, found.finish, found.tokens_in, found.tokens_out) == ("hello", Finish.STOP, 11, 2)
    assert server.requests[0]["stream_options"] == {"include_usage": True}
    server.respond = lambda body: stream("ha", ended="length")
    assert answered(made(server.url, stream=True)).finish is Finish.TRUNCATED
    server.respond = lambda body: stream("ha", ended=None, done=False)
    assert answered(made(server.url, stream=True)).kind == "unreachable"
    server.respond = lambda body: Reply(pieces=(b"data: {}x\n",), headers={"content-type": "text/event-stream"})
    assert answered(made(server.url, stream=True)).kind == "unparsable"
    server.respond = lambda body: completion("not streamed")
    assert answered(made(server.url, stream=True)).text == "not streamed"


@pytest.mark.parametrize("piece", [" " * 50, "7" * 40, "The patient is fine.\n", '{"text": "fever"}, '])
def test_an_endless_answer_is_stopped_early_when_it_comes_piece_by_piece(server, piece):
    server.respond = lambda body: stream('{"entities": [', *[piece] * 5_000, pause=0.001)
    found = answered(made(server.url, stream=True, timeout=60))
    assert found.finish is Finish.LOOPING
    assert found.text.startswith('{"entities": [')
    deadline = time.monotonic() + 5
    while server.busy and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.pieces < 2_000


def test_a_slow_stream_ends_with_the_time_that_is_allowed(server):
    server.respond = lambda body: stream(*"abcdefghij", pause=0.3)
    assert answered(made(server.url, stream=True, timeout=0.5)).kind == "timeout"


def test_several_servers_share_the_load_and_a_dead_one_is_left_out(server):
    with language_model_server() as second:
        for running in (server, second):
            running.respond = lambda body: completion("{}", after=0.05)
        answers(made(server.url, second.url), *[request()] * 20, at_once=True)
        assert abs(len(server.requests) - len(second.requests)) <= 2
        dead = "http://127.0.0.1:9/v1"
        found = answers(made(dead, server.url), *[request()] * 30)
        # It is asked first; then the other one is, which is free each time.
        assert [isinstance(answer, LanguageModelError) for answer in found] == [True, *[False] * 29]


def test_a_busy_server_is_left_alone_while_another_one_is_not(server):
    with language_model_server() as second:
        server.respond = lambda body: Reply(status=429, headers={"retry-after": "30"})
        found = answers(made(server.url, second.url), *[request()] * 10)
        errors = [answer for answer in found if isinstance(answer, LanguageModelError)]
        assert [(error.kind, error.retry_after) for error in errors] == [("busy", 0.0)]
        assert (len(server.requests), len(second.requests)) == (1, 9)


def test_a_request_that_is_called_off_ends_at_the_server_too(server):
    server.respond = lambda body: completion("late", after=30)

    async def ask() -> None:
        model = made(server.url)
        with suppress(TimeoutError):
            await asyncio.wait_for(model.attempt(request()), 0.2)
        assert model.addresses.every[0].in_flight == 0
        await model.close()

    asyncio.run(ask())
    deadline = time.monotonic() + 5
    while server.busy and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.busy == 0


def test_the_loop_goes_on_while_the_gate_looks(server, monkeypatch):
    """The gate may read for a second; other answers are taken in the meantime."""
    ticks = []

    class SlowPassage:
        def check(self, leaving):
            list(leaving)
            assert threading.current_thread() is not threading.main_thread()
            time.sleep(0.3)

    async def ask() -> None:
        model = made(server.url)
        model._passages[None] = SlowPassage()
        asking = asyncio.ensure_future(model.attempt(request()))
        while not asking.done():
            ticks.append(None)
            await asyncio.sleep(0.01)
        await model.close()

    asyncio.run(ask())
    assert len(ticks) > 10


@pytest.mark.parametrize(
    ("body", "kind", "by_server"),
    [
        (b"<html>Bad gateway</html>", "unparsable", True),
        (b"", "unparsable", True),
        (b'{"choices": []}', "unparsable", True),
        (b'{"error": {"message": "no"}}', "unparsable", True),
        (b'{"error": {"code": 429, "message": "slow down"}}', "busy", True),
        (b'{"error": {"code": "502"}, "choices": null}', "unreachable", True),
        (b'{"error": {"code": 401}}', "denied", True),
        (b'{"error": {"code": 400}}', "rejected", False),
        (b'{"error": {"code": 7}}', "unparsable", True),
        (b'{"choices": [{"message": {"content": {"entities": []}}}]}', "unparsable", False),
    ],
)
def test_a_page_or_an_error_in_place_of_an_answer_is_no_fault_of_the_record(server, body, kind, by_server):
    server.respond = lambda asked: Reply(body)
    error = answered(made(server.url))
    assert (error.kind, may_pass(error)) == (kind, by_server)


@pytest.mark.parametrize("count", [-5, 10**30, 2.5, True, "3", None, [1]])
def test_what_is_no_number_of_tokens_is_not_counted(server, count):
    server.respond = lambda body: completion("hello", usage={"prompt_tokens": count, "completion_tokens": count})
    found = answered(made(server.url, prices={"input": 1, "output": 1}))
    assert (found.text, found.tokens_in, found.tokens_out, found.cost) == ("hello", None, None, None)


@pytest.mark.parametrize(
    "content",
    [
        [{"token": "hello"}],
        [{"token": "hello", "logprob": "x"}],
        ["hello"],
        "hello",
        5,
        [{"token": "a", "logprob": None}],
    ],
)
def test_probabilities_that_are_none_do_not_cost_the_answer(server, content):
    server.respond = lambda body: completion("hello", logprobs={"content": content})
    found = answered(made(server.url))
    assert (found.text, found.logprobs) == ("hello", None)

"""What a server makes of a schema is found out once, before the first question, and the model goes by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
from language_model_server import Body, MisbehavingServer, Reply, completion, language_model_server, stream

from curation.errors import LanguageModelError
from curation.models.client import AskingClient, LedgerEntry, paces_of
from curation.models.contract import Attempt, Message, Request
from curation.models.endpoint.model import EndpointModel
from curation.models.probe import HELD, PURPOSE
from curation.models.settings import EndpointModelSettings

SCHEMA = {
    "type": "object",
    "properties": {
        "entities": {"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 3},
        # A name is no keyword.
        "maxLength": {"type": "string", "maxLength": 7},
    },
    "required": ["entities", "maxLength"],
    "additionalProperties": False,
}


class Ledger:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []

    async def find(self, key: str) -> LedgerEntry:
        mine = [attempt for attempt in self.attempts if attempt.key == key]
        return LedgerEntry(next((attempt.answer for attempt in reversed(mine) if attempt.answer), None), len(mine))

    def note(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with language_model_server() as running:
        running.holds = False
        yield running


def asked(server: MisbehavingServer, ledger: Ledger, *, texts: int = 1, **settings: object) -> tuple[str, str]:
    """What was found, and the form of the last answer."""

    async def story() -> tuple[str, str]:
        model = EndpointModel("m", EndpointModelSettings(urls=server.url, backoff=0, **settings), None)
        client = AskingClient({"m": model}, paces_of({"m": model}), ledger)
        requests = [Request("m", (Message("user", f"Report {number}."),), schema=SCHEMA) for number in range(texts)]
        try:
            answers = await asyncio.gather(*map(client.ask, requests))
            return str(client.schemas.get("m", "nothing")), answers[-1][0].form
        finally:
            await client.close()

    return asyncio.run(story())


def schema_of(body: Body) -> Body:
    return body["response_format"]["json_schema"]["schema"] if "json_schema" in json.dumps(body) else {}


def refuses(body):
    return Reply(status=400) if "json_schema" in json.dumps(body) else completion("{}")


@pytest.mark.parametrize(
    ("respond", "support", "form"),
    [
        (lambda body: completion(json.dumps(HELD, indent=2)), "enforced", "schema"),
        (lambda body: completion(json.dumps({**HELD, "canary_b21c": []})), "enforced", "schema"),
        (lambda body: completion("hello"), "ignored", "json"),
        (lambda body: completion('{"word": "hello"}'), "ignored", "json"),
        (lambda body: completion("[[{"), "ignored", "json"),
        (lambda body: completion(json.dumps({**HELD, "more": 1})), "ignored", "json"),
        (refuses, "refused", "json"),
        (lambda body: completion("hel", ended="length"), "not known", "schema"),
        (lambda body: completion(""), "not known", "schema"),
        (lambda body: completion("no", refusal="no"), "not known", "schema"),
    ],
)
def test_a_canary_tells_what_a_server_makes_of_a_schema(server, respond, support, form):
    server.respond, ledger = respond, Ledger()
    assert asked(server, ledger) == (support, form)
    assert [attempt.purpose for attempt in ledger.attempts] == [PURPOSE, ""]
    assert ledger.attempts[0].record_ids == ()


def test_many_questions_at_once_wait_for_one_canary(server):
    server.respond = lambda body: completion(json.dumps(HELD), after=0.1)
    assert asked(server, Ledger(), texts=20) == ("enforced", "schema")
    assert ["canary" in json.dumps(body) for body in server.requests] == [True, *[False] * 20]


def test_what_was_found_is_not_asked_again_for_that_address_and_model(server):
    ledger = Ledger()
    server.respond = lambda body: completion("hello")
    asked(server, ledger)
    assert len(server.requests) == 2
    assert asked(server, ledger, texts=2, parameters={"temperature": 1}) == ("ignored", "json")
    assert len(server.requests) == 4
    asked(server, ledger, model="another")
    assert len(server.requests) == 6


def test_nothing_is_found_out_where_the_ledger_has_all_answers(server):
    ledger = Ledger()
    server.respond = lambda body: completion(json.dumps(HELD))
    asked(server, ledger)
    ledger.attempts = [attempt for attempt in ledger.attempts if attempt.purpose != PURPOSE]
    assert asked(server, ledger)[0] == "nothing"
    assert len(server.requests) == 2


def test_a_form_that_the_settings_name_stays(server):
    server.respond = lambda body: completion("hello")
    assert asked(server, Ledger(), structured="schema") == ("ignored", "schema")
    assert asked(server, Ledger(), structured="off") == ("nothing", "off")
    assert asked(server, Ledger(), structured="json") == ("nothing", "json")


@pytest.mark.parametrize(
    ("status", "kind", "requests"), [(500, "unreachable", 2), (429, "busy", 2), (401, "denied", 1)]
)
def test_a_server_that_does_not_answer_is_told(server, status, kind, requests):
    server.respond = lambda body: Reply(status=status)
    with pytest.raises(LanguageModelError, match=kind):
        asked(server, ledger := Ledger(), attempts=2)
    assert {attempt.state for attempt in ledger.attempts} == {kind}
    assert len(server.requests) == requests


def test_a_canary_that_comes_back_as_rubbish_keeps_no_record_from_being_asked_about(server):
    server.respond = lambda body: Reply(b"<html>") if "canary" in json.dumps(body) else completion("{}")
    assert asked(server, Ledger()) == ("not known", "schema")


@pytest.mark.parametrize(
    ("refused", "said", "left_out"),
    [
        ({"maxLength"}, "Invalid schema: 'maxLength' is not permitted.", "maxLength"),
        ({"maxItems"}, "keyword maxItems is unsupported", "maxItems"),
        ({"additionalProperties"}, 'Unknown name "additionalProperties"', "additionalProperties"),
        (
            {"maxLength", "additionalProperties"},
            "max_length and additional_properties",
            "additionalProperties, maxLength",
        ),
        ({"maxLength", "maxItems"}, "The schema is not valid.", "maxItems, maxLength"),
    ],
)
@pytest.mark.parametrize("status", [400, 422])
def test_keywords_that_a_server_refuses_are_left_out_from_then_on(server, refused, said, left_out, status):
    def respond(body):
        found = json.dumps(schema_of(body)).replace('"maxLength": {', "")
        if any(f'"{keyword}":' in found for keyword in refused):
            return Reply(json.dumps({"error": {"message": said}}).encode(), status=status)
        return completion(json.dumps(HELD))

    server.respond, ledger = respond, Ledger()
    found = (f"enforced, without {left_out}", f"schema without {left_out}")
    assert asked(server, ledger) == found
    schema = schema_of(server.requests[-1])
    assert list(schema["properties"]) == schema["required"] == ["entities", "maxLength"]
    before = len(server.requests)
    # A later run knows it from the start.
    assert asked(server, ledger, texts=2) == found
    assert len(server.requests) == before + 1


def test_a_keyword_that_one_refuses_after_another_is_left_out_too(server):
    def respond(body):
        found = json.dumps(schema_of(body))
        for keyword in ("maxItems", "additionalProperties"):
            if f'"{keyword}":' in found:
                return Reply(f"{keyword}?".encode(), status=400)
        return completion(json.dumps(HELD))

    server.respond = respond
    assert asked(server, Ledger())[0] == "enforced, without additionalProperties, maxItems"


def test_a_refusal_that_has_other_reasons_takes_no_keyword_along(server):
    def respond(body):
        return (
            Reply(b"context_length_exceeded", status=400)
            if "Report 1" in json.dumps(body)
            else completion(json.dumps(HELD))
        )

    server.respond, ledger = respond, Ledger()
    with pytest.raises(LanguageModelError, match="rejected"):
        asked(server, ledger, texts=2)
    assert {attempt.answer.form for attempt in ledger.attempts if attempt.answer} == {"schema"}


@pytest.mark.parametrize(
    ("more", "choice"), [({"prompt_logprobs": None}, {}), ({"kv_transfer_params": None}, {}), ({}, {"matched_stop": 2})]
)
@pytest.mark.parametrize("streams", [False, True])
def test_free_texts_have_no_bound_where_the_server_is_one_of_xgrammar(server, more, choice, streams):
    reply = json.loads(completion(json.dumps(HELD)).content)
    reply = {**reply, **more, "choices": [{**reply["choices"][0], **choice}]}

    def respond(body):
        return stream("{}") if body.get("stream") else Reply(json.dumps(reply).encode())

    server.respond = respond
    assert asked(server, Ledger(), stream=streams) == ("enforced, without maxLength", "schema without maxLength")
    schema = schema_of(server.requests[-1])
    assert schema["properties"] == {
        "entities": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "maxLength": {"type": "string"},
    }

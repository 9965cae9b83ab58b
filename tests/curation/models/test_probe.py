"""What a server makes of a schema is found out once, and the model goes by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest
from language_model_server import MisbehavingServer, Reply, completion, language_model_server

from curation.errors import LanguageModelError
from curation.models.contract import Message, Request
from curation.models.endpoint.model import EndpointModel
from curation.models.probe import HELD, SchemaSupport, probe
from curation.models.settings import EndpointModelSettings


class Notes(dict):
    """Notes in memory."""

    def probed(self, key: str) -> str | None:
        return self.get(key)

    def note_probe(self, key: str, found: str) -> None:
        self[key] = found


@pytest.fixture
def server() -> Iterator[MisbehavingServer]:
    with language_model_server() as running:
        yield running


def probed(server: MisbehavingServer, notes: Notes, **settings: object) -> tuple[SchemaSupport | None, str]:
    """What was found, and the form in which the model is asked afterwards."""

    async def story() -> tuple[SchemaSupport | None, str]:
        model = EndpointModel("m", EndpointModelSettings(urls=server.url, **settings), None)
        try:
            support = await probe(model, notes)
            asked = Request("m", (Message("user", "A report."),), schema={"type": "object"})
            return support, (await model.attempt(asked)).form
        finally:
            await model.close()

    return asyncio.run(story())


def refuses(body):
    return Reply(status=400) if "json_schema" in json.dumps(body) else completion("{}")


@pytest.mark.parametrize(
    ("respond", "support", "form"),
    [
        (lambda body: completion(json.dumps(HELD, indent=2)), "enforced", "schema"),
        (lambda body: completion("hello"), "ignored", "json"),
        (lambda body: completion('{"word": "hello"}'), "ignored", "json"),
        (lambda body: completion(json.dumps({**HELD, "more": 1})), "ignored", "json"),
        (refuses, "refused", "json"),
        (lambda body: completion("hel", ended="length"), None, "schema"),
        (lambda body: completion(""), None, "schema"),
    ],
)
def test_a_canary_tells_what_a_server_makes_of_a_schema(server, respond, support, form):
    server.respond, notes = respond, Notes()
    assert probed(server, notes) == (support, form)
    assert list(notes.values()) == ([support] if support else [])


def test_what_was_noted_is_not_asked_again_for_that_address_and_model(server):
    notes = Notes()
    server.respond = lambda body: completion("hello")
    probed(server, notes)
    asked = len(server.requests)
    assert probed(server, notes) == ("ignored", "json")
    assert len(server.requests) == asked + 1
    probed(server, notes, model="another")
    assert len(server.requests) == asked + 3


def test_a_form_that_the_settings_name_stays(server):
    server.respond = lambda body: completion("hello")
    assert probed(server, Notes(), structured="schema") == ("ignored", "schema")
    assert probed(server, Notes(), structured="off") == (None, "off")


def test_a_server_that_does_not_answer_is_told(server):
    server.respond = lambda body: Reply(status=500)
    with pytest.raises(LanguageModelError, match="unreachable"):
        probed(server, notes := Notes())
    assert notes == {}

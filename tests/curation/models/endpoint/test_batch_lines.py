"""Lines of a batch's files, from servers that say much and mean little."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from curation.errors import LanguageModelError
from curation.models.contract import Finish
from curation.models.endpoint import batch_lines
from curation.models.endpoint.batch_lines import lines_of, read_line, written_line
from curation.models.endpoint.batch_service import _checked

BODY = {"choices": [{"message": {"content": "ja"}, "finish_reason": "stop"}], "model": "served"}


def line(**more: object) -> bytes:
    return json.dumps({"custom_id": "k", **more}).encode()


def response(status: object, body: object) -> dict[str, object]:
    return {"response": {"status_code": status, "body": body}}


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (response(429, {}), "busy"),
        (response(500, None), "unreachable"),
        (response(504, "late"), "timeout"),
        (response(401, {}), "denied"),
        (response(400, {"error": "no"}), "rejected"),
        (response(200, {"choices": []}), "unparsable"),
        (response(200, None), "unparsable"),
        (response("429", {}), "busy"),
        (response(True, BODY), "rejected"),
        ({"response": None, "error": {"code": "batch_expired"}}, "expired"),
        ({"response": None, "error": {"code": "BATCH_CANCELLED"}}, "cancelled"),
        ({"error": "words"}, "rejected"),
        ({}, "rejected"),
    ],
)
def test_a_line_without_a_completion_says_why_there_is_none(more: dict[str, object], problem: str) -> None:
    read = read_line(line(**more), model="m")
    assert read is not None
    assert (read.key, read.completion, read.problem) == ("k", None, problem)


def test_a_completion_is_read_as_that_of_a_single_request_and_a_filter_as_a_refusal() -> None:
    read = read_line(line(**response("200", BODY)), model="m")
    filtered = read_line(line(**response(400, {"error": {"code": "content_filter"}})), model="m")
    assert read is not None
    assert read.completion is not None
    assert (read.completion.text, read.completion.finish, read.completion.model) == ("ja", Finish.STOP, "served")
    assert filtered is not None
    assert filtered.completion is not None
    assert filtered.completion.finish is Finish.REFUSED


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"null", b'{"custom_id": 3}', b"\xff", b"[" * 100_000])
def test_what_is_no_line_is_none(broken: bytes) -> None:
    assert read_line(broken, model="m") is None


def test_a_question_is_one_line_whatever_its_text_holds() -> None:
    text = "Größe\n\u2028 10\x85 \ud83d"
    written = written_line("k", "/v1/chat/completions", {"messages": [{"content": text}]})
    assert written.count(b"\n") == 1
    assert json.loads(written)["body"]["messages"][0]["content"] == text


async def parts(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def lines(*pieces: bytes) -> list[bytes]:
    async def read() -> list[bytes]:
        return [line async for line in lines_of(parts(*pieces))]

    return asyncio.run(read())


def test_lines_are_whole_however_they_come_and_one_without_end_is_not_waited_for(monkeypatch) -> None:
    assert lines(b"a", b"b\n\nc\r\n", b"d") == [b"ab", b"c\r", b"d"]
    assert lines() == []
    monkeypatch.setattr(batch_lines, "MOST", 10)
    with pytest.raises(LanguageModelError, match=r"at most 10 bytes"):
        lines(b"123456", b"789012")


@pytest.mark.parametrize("id", [None, "", 3, "..", "a/b", "a?b", "ä", "x" * 201])
def test_an_id_that_is_no_part_of_an_address_is_refused(id: object) -> None:
    with pytest.raises(LanguageModelError, match="expected an id"):
        _checked(id)
    assert _checked("file-AB_1.2:3") == "file-AB_1.2:3"

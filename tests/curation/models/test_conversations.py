"""Conversations held beside each other, and one whose requests go out altered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from curation.models.asking_stage import Conversation
from curation.models.contract import Answer, Finish, Message, Request
from curation.models.conversations import altered, beside
from curation.stage import Result


def request(words: str) -> Request:
    return Request("m", (Message("user", words),))


def answer(words: str) -> Answer:
    return Answer(words, Finish.STOP, "m", "off")


def talk(name: str, rounds: int, closed: list[str], *, fails: bool = False) -> Conversation:
    """Asks one question more in each round, and ends with all answers."""
    said: list[str] = []
    try:
        for number in range(rounds):
            answers = yield [request(f"{name}{number}{place}") for place in range(number + 1)]
            said += [found.text for found in answers if isinstance(found, Answer)]
            if fails:
                raise KeyError(name)
        return Result(name, error=" ".join(said))
    finally:
        closed.append(name)


def test_each_conversation_gets_the_answers_to_its_own_questions_in_rounds_of_all():
    closed: list[str] = []
    several = beside([talk("a", 1, closed), talk("b", 0, closed), talk("c", 3, closed), talk("d", 2, closed)])
    rounds: list[list[str]] = []
    requests = next(several)
    try:
        while True:
            rounds.append([asked.messages[0].content for asked in requests])
            requests = several.send([answer(f"re:{words}") for words in rounds[-1]])
    except StopIteration as end:
        results: list[Result] = end.value
    assert rounds == [["a00", "c00", "d00"], ["c10", "c11", "d10", "d11"], ["c20", "c21", "c22"]]
    assert [result.error for result in results] == [
        "re:a00",
        "",
        "re:c00 re:c10 re:c11 re:c20 re:c21 re:c22",
        "re:d00 re:d10 re:d11",
    ]
    assert sorted(closed) == ["a", "b", "c", "d"]


def test_without_a_question_the_results_are_there_at_once():
    with pytest.raises(StopIteration) as end:
        next(beside([talk("a", 0, []), talk("b", 0, [])]))
    assert [result.record_id for result in end.value.value] == ["a", "b"]


def test_where_one_conversation_breaks_off_or_all_are_called_off_none_stays_open():
    closed: list[str] = []
    several = beside([talk("a", 2, closed), talk("b", 2, closed, fails=True)])
    with pytest.raises(KeyError):
        several.send([answer("x") for _ in next(several)])
    assert sorted(closed) == ["a", "b"]
    several = beside([talk("c", 2, closed), altered(talk("d", 2, closed), lambda asked: asked)])
    next(several)
    several.close()
    assert sorted(closed) == ["a", "b", "c", "d"]


def test_requests_go_out_altered_and_the_conversation_does_not_know():
    one = altered(talk("a", 2, []), lambda asked: replace(asked, sample=asked.sample + 7))
    assert [asked.sample for asked in next(one)] == [7]
    assert [(asked.sample, asked.messages[0].content) for asked in one.send([answer("x")])] == [(7, "a10"), (7, "a11")]

"""Conversations of other conversations: one with altered requests, and several held beside each other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from curation.errors import LanguageModelError
from curation.models.asking_stage import Conversation
from curation.models.contract import Answer, Request
from curation.stage import Result

#: Requests of several conversations out, their answers in, and a result of each at the end.
Conversations = Generator[Sequence[Request], Sequence[Answer | LanguageModelError], "list[Result]"]


def altered(conversation: Conversation, alter: Callable[[Request], Request]) -> Conversation:
    """A conversation whose requests go out altered; it does not know."""
    try:
        requests = next(conversation)
        while True:
            answers = yield [alter(request) for request in requests]
            requests = conversation.send(answers)
    except StopIteration as end:
        result: Result = end.value
        return result
    finally:
        conversation.close()


def beside(conversations: Sequence[Conversation]) -> Conversations:
    """The results of conversations that are held at the same time, in their order: each round asks what all ask."""
    results: dict[int, Result] = {}
    asked: dict[int, Sequence[Request]] = {}
    answers: dict[int, Sequence[Answer | LanguageModelError]] = {}
    try:
        while len(results) < len(conversations):
            for number, conversation in enumerate(conversations):
                if number in results:
                    continue
                try:
                    asked[number] = conversation.send(answers[number]) if number in answers else next(conversation)
                except StopIteration as end:
                    results[number] = end.value
                    asked.pop(number, None)
            if asked:
                came = iter((yield [request for requests in asked.values() for request in requests]))
                answers = {number: [next(came) for _ in requests] for number, requests in asked.items()}
        return [results[number] for number in range(len(conversations))]
    finally:
        for conversation in conversations:
            conversation.close()

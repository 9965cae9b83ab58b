"""What a model is asked about a case: to tell it, once more with what lacked, and where its text says a fact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from curation.errors import LanguageModelError, UsageError
from curation.generate.told_case import OrderedFact, ToldCase
from curation.generate.told_facts import FindingKind, PlacedFact, ToldFinding, named_fact
from curation.generate.told_text import ECHO, NOT_PROSE, OTHER_LANGUAGE
from curation.models.bounded_schema import bounded_string, closed_object
from curation.models.contract import Answer, Finish, LanguageModel, Message, Request, room_parameter
from curation.models.prompt import Prompt
from curation.models.tokens import count_tokens
from curation.models.tolerant_json import read_object
from curation.record import Assertion
from curation.scheme import Scheme
from curation.settings import GenerateSettings

#: The styles of the prompts.
TELLING, CONDENSING, FINDING = "tell", "condense", "told"
#: The languages by name.
LANGUAGE_NAMES = {"en": "English", "de": "German"}
#: How much longer than a fact the words are at most that say it, in characters.
LONGER, MORE = 2, 40
#: Room for an answer after one that was cut off, and room that a model must have for a text: in tokens.
ROOM, ANSWERED = 4_096, 300
#: What is told a model of an answer that is no text.
INSTEAD = {
    NOT_PROSE: "plain sentences, not JSON",
    ECHO: "a text of your own, without words of the instruction and without tags",
    OTHER_LANGUAGE: "the language that is asked for",
    Finish.LOOPING.value: "a text that does not repeat itself",
    Finish.TRUNCATED.value: "an end: be shorter",
}


@dataclass(frozen=True, slots=True)
class ToldQuestion:
    """A case in one language and one manner, as it is asked about. sample: which one of several answers is wanted."""

    case: ToldCase
    language: str
    manner: Mapping[str, str]
    sample: int = 0

    @property
    def facts(self) -> tuple[OrderedFact, ...]:
        """The facts in the language."""
        return self.case.facts[self.language]


class TellingPrompts:
    """The prompts of a teller, and its questions by them. Raises UsageError for prompts of other styles."""

    def __init__(self, settings: GenerateSettings, scheme: Scheme, model: LanguageModel, purpose: str) -> None:
        self.tell = _prompt(settings.prompt, TELLING, scheme)
        self.condense = _prompt(settings.report_prompt, CONDENSING, scheme)
        self.find = _prompt(settings.find_prompt, FINDING, scheme)
        self._model, self._purpose = model, purpose

    @property
    def all(self) -> tuple[Prompt, ...]:
        """All of them."""
        return self.tell, self.condense, self.find

    def telling(self, asked: ToldQuestion, lacking: Sequence[str], *, is_cut: bool = False) -> Request:
        """The question for a text. lacking: what the one before lacked; is_cut: whether it was cut off."""
        case = asked.case
        data: dict[str, JsonValue] = {
            "language": LANGUAGE_NAMES.get(asked.language, asked.language),
            "manner": dict(asked.manner),
            **({"report": case.report} if case.report is not None else {"facts": _told(asked.facts)}),
            **({"lacking": list(lacking)} if lacking else {}),
        }
        prompt = self.tell if case.report is None else self.condense
        sampling: dict[str, JsonValue] = {room_parameter(self._model.identity): ROOM} if is_cut else {}
        return self._request(asked, prompt.messages(_json(data), asked.language), sampling=sampling)

    def finding(self, asked: ToldQuestion, text: str, numbers: Sequence[int]) -> Request:
        """The question where a text says facts, by their numbers."""
        facts = {str(number): asked.facts[number - 1] for number in numbers}
        data: dict[str, JsonValue] = {
            "text": text,
            "facts": {key: {"category": fact.category, "wording": fact.text} for key, fact in facts.items()},
        }
        bounds = {key: bounded_string(LONGER * len(fact.text) + MORE) for key, fact in facts.items()}
        return self._request(asked, self.find.messages(_json(data), asked.language), closed_object(bounds))

    def fits(self, request: Request) -> bool:
        """Whether the model has room for a question and a text in answer, where it says how much it has."""
        context: int | None = getattr(self._model, "context", None)
        return context is None or count_tokens(request.messages).tokens + ANSWERED <= context

    def _request(
        self,
        asked: ToldQuestion,
        messages: tuple[Message, ...],
        schema: Mapping[str, JsonValue] | None = None,
        sampling: Mapping[str, JsonValue] | None = None,
    ) -> Request:
        return Request(
            self._model.name,
            messages,
            schema,
            sampling=sampling or {},
            sample=asked.sample,
            about=(asked.case.about,) if asked.case.about else (),
            purpose=self._purpose,
        )


def read_found(asked: ToldQuestion, text: str, answer: Answer, numbers: Sequence[int]) -> dict[int, PlacedFact]:
    """Where the text says facts by a model's word, as far as that can be true."""
    content, _ = read_object(answer.text, lambda content: any(str(number) in content for number in numbers))
    found: dict[int, PlacedFact] = {}
    for number in numbers:
        words = (content or {}).get(str(number))
        if isinstance(words, str) and words.strip():
            place = named_fact(asked.facts[number - 1], number, words, text, asked.language)
            found |= {number: place} if place else {}
    return found


def lacking_of(facts: Sequence[OrderedFact], findings: Sequence[ToldFinding]) -> list[str]:
    """What is said of findings to the model that wrote the text."""
    return [_lacking(facts[finding.fact - 1] if finding.fact else None, finding) for finding in findings]


def instead_of(error: LanguageModelError) -> list[str]:
    """What is said of an answer that is no text to the model that gave it."""
    return [INSTEAD.get(error.kind, "a text that tells the facts")]


def _lacking(fact: OrderedFact | None, finding: ToldFinding) -> str:
    if fact is None:
        if finding.kind is FindingKind.COPIED:
            return "words of your own: a long row of words stands in another document too"
        return f'"{finding.words}" is in none of the facts: leave it out'
    where = f'fact {finding.fact} ("{fact.text}", {fact.assertion.value})'
    return {
        FindingKind.MISSING: f"{where} is not told",
        FindingKind.NUMBER: f"{where} is told with another number",
        FindingKind.TURNED: f"{where} is told as something else than {fact.assertion.value}",
        FindingKind.DOUBTED: f"{where} is not told clearly",
    }[finding.kind]


def _told(facts: Sequence[OrderedFact]) -> JsonValue:
    return {
        str(number): {
            "category": fact.category,
            "wording": fact.text,
            **({} if fact.assertion is Assertion.PRESENT else {"assertion": fact.assertion.value}),
        }
        for number, fact in enumerate(facts, 1)
    }


def _prompt(name: str, style: str, scheme: Scheme) -> Prompt:
    prompt = Prompt(name, scheme)
    if prompt.style != style:
        raise UsageError(
            f"curation.generate: expected a prompt of the style {style}, {prompt.name} is of the style {prompt.style}"
        )
    return prompt


def _json(data: Mapping[str, JsonValue]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)

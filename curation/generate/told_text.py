"""The text in a model's answer, without reasoning, fences, greetings and markup; what is no text is refused."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from curation.errors import LanguageModelError, MissingExtraError
from curation.models.contract import Answer, Finish, Message
from curation.models.refusals import is_refusal
from curation.models.tolerant_json import FENCED, REASONING
from curation.models.whole_answer import unusable
from curation.text.language import confidences

#: Kinds of answers that are no text about a case.
KINDS = ("not_prose", "echo", "other_language", "no_facts", "copied", "too_long")
NOT_PROSE, ECHO, OTHER_LANGUAGE, NO_FACTS, COPIED, TOO_LONG = KINDS
#: A word to the reader before or after the text.
GREETING = re.compile(
    r"\A\s*(?:(?:sure|certainly|of course|okay|ok|gerne?|natürlich|selbstverständlich)\b"
    r"(?:[^\n]*[:!.,]\s*\n+|[!.,]\s+)|"
    r"(?:here(?:'s| is| are)|below is|hier (?:ist|folgt)|nachfolgend)\b[^\n]*:\s*\n+)",
    re.IGNORECASE,
)
CLOSING = re.compile(
    r"\n+\s*(?:(?:please )?let me know|i hope this|feel free to|note: this (?:is|text|summary|document|note)|"
    r"ich hoffe,? (?:dass )?(?:das|dies)|lassen sie mich wissen)[^\n]*\Z",
    re.IGNORECASE,
)
MARKUP = re.compile(r"\*\*|__|^[ \t]*#{1,6}[ \t]+", re.MULTILINE)
#: The tags around the data of a prompt.
TAG = re.compile(r"</?report-[0-9a-f]{4,}>")
WORD = re.compile(r"\w+")
#: So many words in a row of the instruction are an echo of it.
ECHOED = 12
#: A sentence of so many words that comes so often, and a text of so many words with so few different runs of three.
LONG_SENTENCE, TOO_OFTEN = 4, 3
LONG_TEXT, VARIED = 60, 0.5
#: The probability of the wanted language from which on a text of so many words counts as written in it.
PROBABLE, TELLING = 0.2, 8


@dataclass(frozen=True, slots=True)
class ToldText:
    """The text, and what was taken off, by its kind."""

    text: str
    mended: tuple[str, ...] = ()


def read_text(answer: Answer, asked: Sequence[Message], language: str) -> ToldText:
    """The text of an answer. Raises LanguageModelError, whose kind says why there is none."""
    if error := unusable(answer):
        raise error
    mended: list[str] = []
    storable = "".join(sign for sign in answer.text if sign != "\0" and not "\ud800" <= sign <= "\udfff")
    text = _unwrapped(storable, mended)
    for pattern, name in ((GREETING, "words to the reader"), (CLOSING, "words to the reader"), (MARKUP, "markup")):
        shorter = pattern.sub("", text)
        if shorter != text:
            mended.append(name)
            text = shorter
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    _check(text, asked, language)
    return ToldText(text, tuple(dict.fromkeys(mended)))


def _unwrapped(text: str, mended: list[str]) -> str:
    """The text without reasoning before it, a fence around it, or an object that has it as its only string."""
    if tags := list(REASONING.finditer(text)):
        last = tags[-1]
        if not any(last.group(name) for name in ("closing", "closing_", "closing__")):
            raise LanguageModelError(Finish.TRUNCATED.value, "expected a text after the reasoning, got none")
        text = text[last.end() :]
        mended.append("reasoning before the text")
    if fenced := FENCED.fullmatch(text):
        text = fenced["content"]
        mended.append("a fence around the text")
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        if re.match(r"\s*[{\[]\s*[\"{\[]", text):
            raise LanguageModelError(NOT_PROSE, "expected a text, got broken JSON") from None
        return text
    if isinstance(content, dict) and len(content) == 1 and isinstance(only := next(iter(content.values())), str):
        mended.append("JSON around the text")
        return only
    raise LanguageModelError(NOT_PROSE, "expected a text, got JSON")


def _check(text: str, asked: Sequence[Message], language: str) -> None:
    words = WORD.findall(text.casefold())
    if not words:
        raise LanguageModelError(Finish.EMPTY.value, "expected a text, got no word")
    if is_refusal(text):
        raise LanguageModelError(Finish.REFUSED.value, "expected a text, got a refusal")
    if TAG.search(text) or _runs(words, ECHOED) & _runs(_instruction(asked), ECHOED):
        raise LanguageModelError(ECHO, "expected a text, got the words of the prompt")
    if _loops(text, words):
        raise LanguageModelError(Finish.LOOPING.value, "expected a text, got the same again and again")
    if len(words) >= TELLING and not _is_in(text, language):
        raise LanguageModelError(OTHER_LANGUAGE, f"expected a text in {language}, got one in another language")


def _instruction(asked: Sequence[Message]) -> list[str]:
    return [word for message in asked if message.role == "system" for word in WORD.findall(message.content.casefold())]


def _runs(words: Sequence[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}


def _loops(text: str, words: Sequence[str]) -> bool:
    sentences = Counter(
        part for part in map(str.strip, re.split(r"[.!?]\s|\n", text.casefold())) if len(part.split()) >= LONG_SENTENCE
    )
    if sentences and max(sentences.values()) >= TOO_OFTEN:
        return True
    return len(words) >= LONG_TEXT and len(_runs(words, 3)) < VARIED * (len(words) - 2)


def _is_in(text: str, language: str) -> bool:
    """Whether the language is among the likely ones; True where nothing can tell."""
    try:
        found = confidences(text)
    except MissingExtraError:
        return True
    return not found or language not in found or found[language] >= PROBABLE

"""What words of two languages mean the same: a glossary of the beginnings of words, and of what compounds hold."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from curation.record import Frozen
from curation.text.folding import fold
from curation.text.terms import listed
from curation.text.word_lists import FOLDER, read_word_list

#: Beginnings up to this length stand for the whole word, and none is longer than that.
WHOLE, LONGEST = 3, 16


class GlossaryLine(Frozen):
    """A line of the glossary: beginnings of English words, and what German words begin with or hold."""

    en: str
    de: str


class Meaning(NamedTuple):
    """A line of the glossary that a word belongs to, and the letters of the word that say so."""

    line: int
    start: int
    end: int


@lru_cache(maxsize=20_000)
def meanings(word: str, language: str) -> tuple[Meaning, ...]:
    """What a folded word means by the glossary; nothing in a language that it does not have."""
    lines = _lines().get(language, {})
    if len(word) <= WHOLE:
        return tuple(Meaning(line, 0, len(word)) for line in lines.get(word, ()))
    # German joins words in one; of English ones only long parts say something.
    least = WHOLE + 1 if language == "de" else WHOLE + 2
    return tuple(
        Meaning(line, start, end)
        for start in range(len(word) - WHOLE)
        for end in range(start + (least if start else WHOLE + 1), min(len(word), start + LONGEST) + 1)
        for line in lines.get(word[start:end], ())
    )


@cache
def _lines() -> dict[str, dict[str, tuple[int, ...]]]:
    """By language and beginning, the lines that have it."""
    lines: dict[str, dict[str, tuple[int, ...]]] = {"en": {}, "de": {}}
    for number, line in enumerate(read_word_list(FOLDER / "glossary.yaml", tuple[GlossaryLine, ...])):
        for language, words in (("en", line.en), ("de", line.de)):
            for word in listed(words):
                spelt = fold(word).text
                lines[language][spelt] = (*lines[language].get(spelt, ()), number)
    return lines

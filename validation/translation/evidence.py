"""Evidence that two sentences of two languages mean the same: numbers, translated words, and words spelt alike.

A key is a number (`#38.1`), a line of the glossary (`=17`) or the beginning of a word's skeleton (`~ekoka`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

from curation.record import Frozen
from curation.text.folding import fold
from curation.text.terms import listed
from validation.measures.knowledge import read_knowledge

FOLDER = Path(__file__).parent
#: A word of a text whose letters are composed.
WORD = re.compile(r"[^\W\d_]+")
#: Letters that English and German write differently in words of one origin (cerebral, zerebral).
SPELT = (
    *(("ph", "f"), ("th", "t"), ("sch", "s"), ("sh", "s"), ("ck", "k"), ("c", "k"), ("z", "k"), ("y", "i")),
    *(("oe", "e"), ("ae", "e"), ("ue", "u"), ("x", "ks"), ("w", "v")),
)
TWICE = re.compile(r"(.)\1")
#: Letters of a word from which it is looked at, and of its skeleton that must be the same.
LETTERS, BEGINNING = 5, 5
#: Beginnings up to this length stand for the whole word, and none is longer than that.
WHOLE, LONGEST = 3, 16


class GlossaryLine(Frozen):
    """A line of the glossary: beginnings of English words, and what German words begin with or hold."""

    en: str
    de: str


def evidence(words: Iterable[str], numbers: Iterable[str], language: str) -> frozenset[str]:
    """The keys of a sentence with these words and numbers."""
    return frozenset(map("#{}".format, numbers)).union(*[_word_keys(word, language) for word in words])


@lru_cache(maxsize=20_000)
def _word_keys(word: str, language: str) -> frozenset[str]:
    """The keys of a word."""
    word = folded_word(word)
    spelt = {f"~{skeleton(word)[:BEGINNING]}"} if len(word) >= LETTERS else set()
    return meanings(word, language) | spelt


@lru_cache(maxsize=20_000)
def folded_word(word: str) -> str:
    """A word without its typography: words come again, texts do not."""
    return fold(word).text


@lru_cache(maxsize=20_000)
def skeleton(word: str) -> str:
    """A folded word in one spelling for both languages."""
    for spelling, replacement in SPELT:
        word = word.replace(spelling, replacement)
    return TWICE.sub(r"\1", word)


@lru_cache(maxsize=20_000)
def meanings(word: str, language: str) -> frozenset[str]:
    """The lines of the glossary that a folded word belongs to; none in a language that it does not have."""
    lines = _glossary().get(language, {})
    found: set[str] = set(lines.get(word, ()) if len(word) <= WHOLE else ())
    # German joins words in one; of English ones only long parts say something.
    least = WHOLE + 1 if language == "de" else WHOLE + 2
    for start in range(max(1, len(word) - WHOLE)):
        for end in range(start + (least if start else WHOLE + 1), min(len(word), start + LONGEST) + 1):
            found.update(lines.get(word[start:end], ()))
    return frozenset(found)


@cache
def _glossary() -> dict[str, dict[str, tuple[str, ...]]]:
    """By language and beginning, the keys of the lines that have it."""
    lines: dict[str, dict[str, tuple[str, ...]]] = {"en": {}, "de": {}}
    for number, line in enumerate(read_knowledge("glossary", tuple[GlossaryLine, ...], FOLDER)):
        for language, words in (("en", line.en), ("de", line.de)):
            for word in listed(words):
                spelt = fold(word).text
                lines[language][spelt] = (*lines[language].get(spelt, ()), f"={number}")
    return lines

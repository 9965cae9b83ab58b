"""What a translator is, and what is lacking in what it gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from curation.models.contract import Finish
from curation.text.folding import fold
from curation.text.function_words import function_words
from curation.text.numbers import IN_TEXT, numbers_in_words
from curation.translate.prepared import Segment
from curation.translate.projection.markers import UnmarkedText, unmarked
from curation.translate.termbase import GlossaryTerm, disobeyed

#: Names of languages, as models know them.
LANGUAGE_NAMES = {
    "da": "Danish",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "sv": "Swedish",
}

#: How sentences that nobody translated are counted.
UNTRANSLATED = "sentences in the words of the original still"
#: A segment of fewer words may be the same in two languages.
SHORTEST = 3


class TranslatedText(Protocol):
    """What a translator made of one text; error: why it made nothing."""

    @property
    def text(self) -> str:
        """The translation; empty with an error."""

    @property
    def finish(self) -> Finish:
        """How it ended: only a stopped one is whole."""

    @property
    def error(self) -> str | None:
        """Why there is none, without words of the text."""

    @property
    def unknown(self) -> int:
        """Pieces of the text that the translator does not know, and leaves out."""


class Translator(Protocol):
    """A translator that is no language model: texts of one line in, their translations out."""

    @property
    def name(self) -> str:
        """The name of its settings; the author of what it makes is `translator:NAME`."""

    @property
    def revision(self) -> str:
        """A digest of all that its translations depend on besides the text."""

    @property
    def keeps_markers(self) -> bool:
        """Whether it leaves markers around spans in place (<e0>fever</e0>); to others, texts are given without."""

    @property
    def alternatives(self) -> int:
        """How many translations of a text it has, at least 1."""

    def check(self, source: str, target: str) -> None:
        """Raises CurateError where it cannot be loaded, and UsageError where it does not translate so."""

    def translate(
        self, segments: Sequence[str], source: str, target: str, *, alternative: int = 0
    ) -> Sequence[TranslatedText]:
        """The translation of each text. source, target: ISO 639-1. alternative: which of several, 0 the likeliest."""


@dataclass(frozen=True)
class CheckedAnswer:
    """A translation of a segment as it came, and what is lacking in it."""

    segment: Segment
    terms: Sequence[GlossaryTerm]
    answer: str
    source: str
    target: str

    @cached_property
    def unmarked(self) -> UnmarkedText:
        """Without its markers."""
        return unmarked(self.answer, self.segment.marked)

    @cached_property
    def disobeyed(self) -> list[GlossaryTerm]:
        """The terms that it says otherwise."""
        return disobeyed(self.terms, self.unmarked.text)

    @cached_property
    def numbers(self) -> list[str]:
        """The numbers of the segment that it has neither in digits nor in words."""
        return missing_numbers(self.segment.text, self.unmarked.text, self.target)

    @cached_property
    def is_untranslated(self) -> bool:
        """Whether it has the words of the segment, with one that only its language has."""
        words = _words(self.segment.text)
        if len(words) < SHORTEST or words != _words(self.unmarked.text):
            return False
        return not function_words(self.source).isdisjoint(set(words) - function_words(self.target))

    @property
    def lacking(self) -> list[str]:
        """What is lacking, in words for a model."""
        name = self.segment.marked.name
        language = LANGUAGE_NAMES.get(self.target, self.target)
        return [
            *([f"words in {language}: it is in the words of the original"] if self.is_untranslated else []),
            *(f"the tags <{name}{number}> and </{name}{number}>, once" for number in sorted(self.unmarked.faults)),
            *(f'"{term.target}" for "{term.source}"' for term in self.disobeyed),
            *(f"the number {number}" for number in self.numbers),
        ]

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        """The less is lacking the lower; words of the original count most, then numbers."""
        return self.is_untranslated, len(self.numbers), len(self.disobeyed), len(self.unmarked.faults)


def missing_numbers(segment: str, translation: str, language: str) -> list[str]:
    """Numbers of a segment that are not in its translation, whatever signs part their digits and whole words say them.

    Of a date, each part is looked for by itself.
    """
    said = Counter(_digits(match[0]) for match in IN_TEXT.finditer(translation))
    left: list[str] = []
    for match in IN_TEXT.finditer(segment):
        if said[_digits(match[0])]:
            said[_digits(match[0])] -= 1
        else:
            left.append(match[0])
    parts = Counter[str]()
    for match in IN_TEXT.finditer(translation):
        if said[_digits(match[0])]:
            said[_digits(match[0])] -= 1
            parts.update(map(_digits, _parts(match[0])))
    words = {
        str(value) for number in numbers_in_words(translation, language) for value in (*number.always, *number.maybe)
    }
    missing = []
    for number in left:
        wanted = Counter(map(_digits, _parts(number)))
        if wanted <= parts:
            parts -= wanted
        elif _digits(number) not in words:
            missing.append(number)
    return missing


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", fold(text).text)


def _parts(number: str) -> list[str]:
    return "".join(sign if sign.isdigit() else " " for sign in number).split()


def _digits(number: str) -> str:
    return "".join(_parts(number)).lstrip("0") or "0"

"""What kind of word a word is: terms, endings and shapes from the lexicon files.

A kind is a class of words in clinical text (drug, unit, site, severity ...). The longest known term
at each word has its kind; any other word that of its shape, else of its ending, else a plain one.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml
from pydantic import Field, ValidationError, field_validator

from curation.errors import ConfigError, one_line
from curation.record import Frozen, digest
from curation.text.drugs import drug_endings
from curation.text.numbers import number_words
from curation.text.spelling import base_form
from curation.text.tokens import Words, read
from curation.timed_pattern import TimedPattern
from curation.yaml_file import read_yaml

LEXICONS = Path(__file__).with_name("lexicon")

#: Kinds of what no lexicon names.
SIGNS: Mapping[str, str] = {
    ",": "comma", ".": "stop", ";": "stop", "!": "stop", "?": "stop", ":": "colon", "-": "hyphen",
    "–": "hyphen", "—": "dash", "/": "slash", "(": "open", "[": "open", ")": "close", "]": "close",
    "‐": "hyphen", "‑": "hyphen", "‒": "hyphen", "=": "compare", "<": "compare", ">": "compare",
    "≤": "compare", "≥": "compare", "±": "compare", "~": "compare", "+": "plus", "×": "times",
    "%": "unit", "‰": "unit", "°": "unit",
}  # fmt: skip
PLAIN = ("word", "number", "other", "break", *dict.fromkeys(SIGNS.values()))
NUMBER = re.compile(r"[<>≤≥±~+-]?\d[\d.,/:·']*")


def _terms(value: Any) -> Any:
    """Terms may be written as one string with commas, which keeps the files short."""
    if isinstance(value, str):
        return tuple(term.strip() for term in value.split(",") if term.strip())
    return value


class Kind(Frozen):
    """The words of one kind."""

    terms: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    #: Words that have one of the endings but are not of the kind.
    excepting: tuple[str, ...] = ()
    #: What each term must be followed by, and then holds (a heading's colon).
    followed_by: str = ""
    #: A list of `curation.text` that adds to the terms or endings: ends of drugs' names, number words.
    shared: Literal["drug_endings", "number_words"] | None = None

    @field_validator("terms", "endings", "excepting", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _terms(value)

    def completed(self, language: str) -> Kind:
        """The kind with the words of the shared list in a language."""
        if self.shared == "drug_endings":
            return self.model_copy(update={"endings": (*self.endings, *drug_endings(language))})
        if self.shared == "number_words":
            return self.model_copy(update={"terms": (*self.terms, *_counting_words(language))})
        return self


def _counting_words(language: str) -> tuple[str, ...]:
    """The cardinals that are no article; nought counts nothing."""
    least = 2 if language == "de" else 1
    return tuple(word for word, value in number_words(language).cardinals.items() if value >= least)


class LexiconFile(Frozen):
    """A lexicon file: kinds in order of precedence."""

    kinds: dict[str, Kind] = Field(default_factory=dict)


class Term(NamedTuple):
    """One or more words that are of one kind: from the first of them to after the last."""

    kind: str
    first: int
    after: int


#: The folded words of a term, and its kind.
Phrase = tuple[tuple[str, ...], str]


class Lexicon:
    """The kinds of one language, ready to name the kind of every word of a text."""

    def __init__(self, kinds: Mapping[str, Kind], language: str, *, own: Container[str] = ()) -> None:
        """own: the kinds that are the user's, whose shapes are given a limit of time."""
        kinds = {name: kind.completed(language) for name, kind in kinds.items()}
        self.kinds = kinds
        self.language = language
        self.names = (*PLAIN, *(name for name in self.kinds if name not in PLAIN))
        self._of_form: dict[str, str] = {}
        self._shapes = [
            (
                TimedPattern(shape, name=f"kinds.{name}.shapes", ignore_case=True)
                if name in own
                else re.compile(shape, re.IGNORECASE),
                name,
            )
            for name, kind in kinds.items()
            for shape in kind.shapes
        ]
        self._endings = sorted(
            {base_form(ending, language): name for name, kind in kinds.items() for ending in kind.endings}.items(),
            key=lambda pair: -len(pair[0]),
        )
        self._excepted = {(name, base_form(word, language)) for name, kind in kinds.items() for word in kind.excepting}

    @cached_property
    def digest(self) -> str:
        """A hash of all kinds."""
        return digest([self.language, {name: kind.model_dump() for name, kind in self.kinds.items()}])

    def terms_of(self, words: Words, first: int, after: int) -> list[Term]:
        """The terms of a sentence, each of one kind; the longest one at each word."""
        forms = words.forms[first:after]
        folded = [base_form(form, self.language) for form in forms]
        terms: list[Term] = []
        index = 0
        while index < len(folded):
            length, kind = self._phrase_at(folded, index)
            if not length:
                length, kind = 1, self._of_form.get(forms[index]) or self._learn(forms[index], folded[index])
            terms.append(Term(kind, first + index, first + index + length))
            index += length
        return terms

    def _phrase_at(self, folded: Sequence[str], index: int) -> tuple[int, str]:
        """Length and kind of the longest term of several words that begins here."""
        if index + 1 < len(folded):
            for phrase, name in self._index[1].get((folded[index], folded[index + 1]), ()):
                if tuple(folded[index : index + len(phrase)]) == phrase:
                    return len(phrase), name
        return 0, ""

    def _learn(self, form: str, folded: str) -> str:
        kind = self._kind(form, folded)
        if len(self._of_form) < 200_000:
            self._of_form[form] = kind
        return kind

    def _kind(self, form: str, folded: str) -> str:
        if name := self._index[0].get(folded):
            return name
        if sign := SIGNS.get(form):
            return sign
        for shape, name in self._shapes:
            if shape.fullmatch(form):
                return name
        if NUMBER.fullmatch(form):
            return "number"
        return self._by_ending(folded) or ("word" if form[0].isalpha() else "other")

    def _by_ending(self, folded: str) -> str:
        for ending, name in self._endings:
            if folded.endswith(ending) and len(folded) > len(ending) + 1 and (name, folded) not in self._excepted:
                return name
        return ""

    @cached_property
    def _index(self) -> tuple[dict[str, str], dict[tuple[str, str], list[Phrase]]]:
        """Single words by their folded form, and longer terms by their first two words, longest first.

        Made when the first text comes: a language that no text is in costs nothing.
        """
        single: dict[str, str] = {}
        phrases: dict[tuple[str, str], list[Phrase]] = {}
        for name, term in _all_terms(self.kinds):
            folded = _folded(term, self.language)
            if len(folded) == 1:
                single.setdefault(folded[0], name)
            else:
                phrases.setdefault((folded[0], folded[1]), []).append((folded, name))
        for several in phrases.values():
            several.sort(key=lambda pair: -len(pair[0]))
        return single, phrases


@lru_cache(maxsize=1 << 15)
def _folded(term: str, language: str) -> tuple[str, ...]:
    """The folded words of a term, which several lexicons of a language may hold."""
    return tuple(base_form(form, language) for form in read(term, language).forms)


def _all_terms(kinds: Mapping[str, Kind]) -> Iterable[tuple[str, str]]:
    return ((name, term + kind.followed_by) for name, kind in kinds.items() for term in kind.terms)


def load_kinds(language: str, *, folder: Path = LEXICONS) -> dict[str, Kind]:
    """The kinds in the lexicon file of a language; none where there is no file."""
    path = folder / f"{language}.yaml"
    if not path.is_file():
        return {}
    try:
        return LexiconFile.model_validate(read_yaml(path)).kinds
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: {one_line(error)}") from error

"""The trigger files: phrases that express assertion in a language, and where they stand in a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from curation.errors import ConfigError, one_line
from curation.record import Assertion, Frozen, digest
from curation.text.tokens import read
from curation.yaml_file import read_yaml

CONTEXT = Path(__file__).with_name("context")

Phrase = tuple[str, ...]

COMMA: Phrase = (",",)


def _phrases(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(term.strip(' "') for term in value.split(",") if term.strip(' "'))
    return value


class Triggers(Frozen):
    """Phrases that give one assertion in one direction."""

    assertion: Assertion
    direction: Literal["forward", "backward", "both"]
    reach: int = Field(default=1000, ge=1)
    #: Whether a comma ends the scope too.
    within_commas: bool = False
    #: Categories that these phrases do not touch.
    spares: tuple[str, ...] = ()
    terms: tuple[str, ...]

    @field_validator("terms", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _phrases(value)


class ContextFile(Frozen):
    """A trigger file: how one language expresses assertion."""

    pseudo: tuple[str, ...] = ()
    terminators: tuple[str, ...] = ()
    triggers: tuple[Triggers, ...]
    exempt: dict[Assertion, tuple[str, ...]] = Field(default_factory=dict)
    inside: tuple[str, ...] = ()
    always: dict[str, Assertion] = Field(default_factory=dict)
    negative_words: tuple[str, ...] = ()

    @field_validator("pseudo", "terminators", "negative_words", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _phrases(value)


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase found in a sentence: its words, and what it means (None ends scopes, or is a pseudo-trigger)."""

    first: int
    after: int
    triggers: tuple[Triggers, ...]
    ends_scopes: bool = False
    is_comma: bool = False


class Context:
    """The triggers of a language, indexed by their first word."""

    def __init__(self, file: ContextFile, language: str) -> None:
        self.file = file
        meanings: dict[Phrase, tuple[tuple[Triggers, ...], bool]] = {COMMA: ((), False)}
        for term in file.terminators:
            meanings[_forms(term, language)] = ((), True)
        for triggers in file.triggers:
            for term in triggers.terms:
                phrase = _forms(term, language)
                present, ends = meanings.get(phrase, ((), False))
                meanings[phrase] = ((*present, triggers), ends)
        for term in file.pseudo:
            meanings[_forms(term, language)] = ((), False)
        self._by_first: dict[str, list[tuple[Phrase, tuple[Triggers, ...], bool]]] = {}
        for phrase, (found, ends) in meanings.items():
            self._by_first.setdefault(phrase[0], []).append((phrase, found, ends))
        for several in self._by_first.values():
            several.sort(key=lambda entry: -len(entry[0]))
        self._negative = frozenset(_forms(term, language) for term in file.negative_words)

    def cues(self, forms: Sequence[str], first: int, after: int) -> Iterator[Cue]:
        """The cues of a sentence from left to right; the longest phrase at each word."""
        at = first
        while at < after:
            cue = self._cue_at(forms, at, after)
            if cue is not None:
                yield cue
            at = cue.after if cue else at + 1

    def _cue_at(self, forms: Sequence[str], at: int, after: int) -> Cue | None:
        for phrase, triggers, ends in self._by_first.get(forms[at], ()):
            end = at + len(phrase)
            if end <= after and tuple(forms[at:end]) == phrase:
                return Cue(at, end, triggers, ends, phrase == COMMA)
        return None

    def is_negative(self, forms: Sequence[str]) -> bool:
        """Whether some of the words are negative by themselves (non-smoker)."""
        return any(
            tuple(forms[at : at + len(phrase)]) == phrase
            for phrase in self._negative
            for at in range(len(forms) - len(phrase) + 1)
        )


def _forms(term: str, language: str) -> Phrase:
    return tuple(form.lower() for form in read(term, language).forms)


@lru_cache(maxsize=8)
def load_context(language: str) -> Context | None:
    """The triggers of a language; none where there is no file for it."""
    file = _load_file(language)
    return Context(file, language) if file else None


@lru_cache(maxsize=8)
def context_digest(language: str) -> str | None:
    """A hash of a language's triggers."""
    file = _load_file(language)
    return digest(file.model_dump(mode="json")) if file else None


@lru_cache(maxsize=8)
def _load_file(language: str) -> ContextFile | None:
    path = CONTEXT / f"{language}.yaml"
    if not path.is_file():
        return None
    try:
        return ContextFile.model_validate(read_yaml(path))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise ConfigError(f"{path}: {one_line(error)}") from error

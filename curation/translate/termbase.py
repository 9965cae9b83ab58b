"""The user's terms: which words of one language are said by which of another (`glossary.yaml` of a workspace)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from curation.errors import ConfigError
from curation.record import Frozen, digest
from curation.text.folding import fold
from curation.yaml_file import read_yaml


class GlossaryTerm(Frozen):
    """Words and how they are said in the other language; between all languages, or only from one or to one."""

    source: str = Field(min_length=1)
    target: str = Field(min_length=1)
    category: str | None = None
    from_language: str | None = Field(None, alias="from")
    to_language: str | None = Field(None, alias="to")


class Termbase:
    """The terms for one pair of languages."""

    def __init__(self, terms: Iterable[GlossaryTerm] = (), *, source: str, target: str) -> None:
        self.terms = [
            term for term in terms if term.from_language in (None, source) and term.to_language in (None, target)
        ]

    @property
    def digest(self) -> str:
        """Of what is to be obeyed."""
        return digest([[term.source, term.target] for term in self.terms])

    def occurring(self, text: str) -> list[GlossaryTerm]:
        """The terms whose words a text has, the longer ones first; one within a longer one does not count."""
        folded = f" {_words(text)} "
        found = []
        for term in sorted(self.terms, key=lambda term: -len(term.source)):
            wanted = f" {_words(term.source)} "
            if wanted.strip() and wanted in folded:
                found.append(term)
                folded = folded.replace(wanted, " | ")
        return found


def disobeyed(terms: Sequence[GlossaryTerm], translation: str) -> list[GlossaryTerm]:
    """The terms that a translation says otherwise; endings of words do not count."""
    folded = f" {_words(translation)}"
    return [term for term in terms if f" {_words(term.target)}" not in folded]


def read_terms(path: Path, *, languages: Collection[str] = ()) -> tuple[GlossaryTerm, ...]:
    """The terms of a file; none where there is no file.

    languages: those that there are. Raises ConfigError where it is not a list of terms, for a language that there is
    not, and for two translations of the same words.
    """
    if not path.exists():
        return ()
    try:
        terms = TypeAdapter(tuple[GlossaryTerm, ...]).validate_python(read_yaml(path) or ())
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise ConfigError(
            f"{path}: expected a list of terms with source and target, got something else at {where or 'its beginning'}"
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: expected a list of terms in YAML ({type(error).__name__})") from error
    _check(path, terms, languages)
    return terms


def _check(path: Path, terms: Sequence[GlossaryTerm], languages: Collection[str]) -> None:
    by_words: dict[str, list[GlossaryTerm]] = {}
    for term in terms:
        for name, language in (("from", term.from_language), ("to", term.to_language)):
            if languages and language not in (None, *languages):
                raise ConfigError(
                    f"{path}: expected {name} of {term.source!r} to be a language of {', '.join(sorted(languages))}, "
                    f"got {language!r}"
                )
        same = by_words.setdefault(_words(term.source), [])
        for other in same:
            if _meet(term, other) and _words(term.target) != _words(other.target):
                raise ConfigError(
                    f"{path}: expected one translation of {term.source!r} between two languages, got {other.target!r} "
                    f"and {term.target!r}; leave one, or say by from and to where each holds"
                )
        same.append(term)


def _meet(term: GlossaryTerm, other: GlossaryTerm) -> bool:
    """Whether there is a pair of languages for which both hold."""
    pairs = ((term.from_language, other.from_language), (term.to_language, other.to_language))
    return all(None in pair or pair[0] == pair[1] for pair in pairs)


def _words(text: str) -> str:
    """Folded words with one blank between them."""
    return " ".join("".join(sign if sign.isalnum() else " " for sign in fold(text).text).split())

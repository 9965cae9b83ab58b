"""Names of drugs in English and German: found by their stems, and lines of synonyms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from curation.record import Frozen
from curation.text.terms import any_of, listed
from curation.text.word_lists import FOLDER, read_word_list


class DrugWordLists(Frozen):
    """The file of drugs."""

    stems: str
    names: str
    not_drugs: str
    classes: str
    salts: str
    further: dict[str, str]
    synonyms: tuple[str, ...]


def drug_endings(language: str) -> tuple[str, ...]:
    """Ends of names for callers with a lexicon of the other words: the stems, and those that other words have too."""
    stems = listed(_lists().stems)
    spelled = [*stems, *(f"{stem}e" for stem in stems)] if language == "en" else stems
    return (*spelled, *listed(_lists().further.get(language, "")))


@cache
def drug_pattern() -> re.Pattern[str]:
    """Words that end as the names of drugs do, in any of the languages; not all of them are (`is_drug`)."""
    lists = _lists()
    # Bounded, so that no text takes a time that grows with the square of its length.
    stem = rf"[A-Za-zäöü-]{{2,40}}(?:{any_of(listed(lists.stems))})e?"
    name = rf"[A-Za-zäöü-]{{0,40}}(?:{any_of(listed(lists.names))})"
    return re.compile(rf"(?<![\w-])(?:{stem}|{name})(?!\w)", re.IGNORECASE)


def find_drugs(text: str) -> Iterator[re.Match[str]]:
    """The words of a text that have the stem of a drug's name, from left to right."""
    return (match for match in drug_pattern().finditer(text) if match[0].lower() not in _not_drugs())


def keeps_its_name(name: str) -> bool:
    """Whether a name in lower case is spelt alike in both languages: no salt, no class, no substance of the body."""
    plain = name.rstrip("se")
    return not _salts().search(name) and not any(found.startswith(plain) for found in listed(_lists().classes))


def synonym_lines(lower: str) -> Iterator[int]:
    """The lines of synonyms that a lower-case text has a name of, by number."""
    return (line for line, pattern in enumerate(_synonyms()) if pattern.search(lower))


@cache
def _synonyms() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"(?<!\w)(?:{any_of(listed(line))})(?!\w)") for line in _lists().synonyms)


@cache
def _salts() -> re.Pattern[str]:
    return re.compile(any_of(listed(_lists().salts)))


@cache
def _not_drugs() -> frozenset[str]:
    return frozenset(listed(_lists().not_drugs))


@cache
def _lists() -> DrugWordLists:
    return read_word_list(FOLDER / "drugs.yaml", DrugWordLists)

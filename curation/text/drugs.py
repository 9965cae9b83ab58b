"""Names of drugs in English and German: found by their stems, and lines of synonyms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from curation.record import Frozen
from curation.text.folding import Span
from curation.text.terms import any_of, listed
from curation.text.word_lists import FOLDER, read_word_list

#: What has no beginning of a word inside. The pattern looks at no more letters of one than this.
RUN, LONGEST_RUN = re.compile(r"[\w-]+"), 100
WORD = re.compile(r"\w+")


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


def find_drugs(text: str) -> Iterator[Span]:
    """Where the words of a text stand that have the stem of a drug's name, from left to right."""
    return ((start, end) for start, end in _ending_as_drugs(text) if text[start:end].lower() not in _not_drugs())


def without_drugs(text: str) -> str:
    """The text with a blank in the place of each word that ends as the name of a drug does."""
    kept, at = [], 0
    for start, end in _ending_as_drugs(text):
        kept.append(text[at:start])
        at = end
    return " ".join([*kept, text[at:]])


def _ending_as_drugs(text: str) -> Iterator[Span]:
    """Where `drug_pattern` matches: at the beginning of a run of letters and hyphens or nowhere in it."""
    for run in RUN.finditer(text):
        if length := _length(run[0][:LONGEST_RUN]):
            yield run.start(), run.start() + length


@lru_cache(maxsize=20_000)
def _length(run: str) -> int:
    """How much of a run ends as the name of a drug; kept, since the pattern takes long and words come again."""
    found = drug_pattern().match(run)
    return found.end() if found else 0


@lru_cache(maxsize=4_096)
def keeps_its_name(name: str) -> bool:
    """Whether a name in lower case is spelt alike in both languages: no salt, no class, no substance of the body."""
    plain = name.rstrip("se")
    return not _salts().search(name) and not any(found.startswith(plain) for found in listed(_lists().classes))


def synonym_lines(lower: str) -> Iterator[int]:
    """The lines of synonyms that a lower-case text has a name of, by number."""
    beginning, others = _synonyms_by_word()
    likely = others.union(*(beginning.get(word, ()) for word in WORD.findall(lower)))
    return (line for line in sorted(likely) if _synonyms()[line].search(lower))


@cache
def _synonyms_by_word() -> tuple[dict[str, set[int]], set[int]]:
    """The lines that a text may have a name of, by the first word of a name; and those that are always looked for."""
    beginning: dict[str, set[int]] = {}
    others: set[int] = set()
    for line, names in enumerate(_lists().synonyms):
        for name in listed(names):
            word = WORD.match(name)
            if word is None or name.startswith("*", word.end()):
                others.add(line)
            else:
                beginning.setdefault(word[0], set()).add(line)
    return beginning, others


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

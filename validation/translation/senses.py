"""Words of a text that tell a side, a part of the body or a denial, where they stand and in which sense."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from curation.record import Frozen
from curation.text.folding import compose, lower_case
from curation.text.terms import any_of, listed
from curation.text.word_lists import read_word_list
from validation.measures.knowledge import read_knowledge
from validation.measures.negation import Denials

#: A word with its hyphens, and with the n't at its end.
WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*(?:['’]t\b)?")
SIDES, BODY_PARTS, NEGATION = "sides", "body_parts", "negation"


class SenseWords(Frozen):
    """The words of one sense in one language."""

    sure: str = ""
    maybe: str = ""
    never: str = ""


class SenseFile(Frozen):
    """The content of the file: words by sense and language, and what is known of denials by language."""

    sides: Mapping[str, Mapping[str, SenseWords]]
    body_parts: Mapping[str, Mapping[str, SenseWords]]
    negation: Mapping[str, Mapping[str, SenseWords]]
    pseudo: Mapping[str, str]
    ends: Mapping[str, str]
    before: Mapping[str, str]
    sided: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sense:
    """What a word tells: the senses that it surely has, and those that it may have."""

    sure: frozenset[str]
    maybe: frozenset[str]


@dataclass(frozen=True, slots=True)
class SenseMention:
    """A word that tells something, and where it stands."""

    word: str
    start: int
    end: int
    sense: Sense


@cache
def sense_file() -> SenseFile:
    """The file beside this module."""
    return read_word_list(Path(__file__).with_name("senses.yaml"), SenseFile)


@cache
def languages_of(kind: str) -> frozenset[str]:
    """The languages of which the words of a kind are known."""
    senses: Mapping[str, Mapping[str, SenseWords]] = getattr(sense_file(), kind)
    return frozenset(language for by_language in senses.values() for language in by_language)


def mentions_of(text: str, language: str, kind: str) -> list[SenseMention]:
    """The words of a text that have a sense of this kind, from left to right."""
    letters = compose(text)
    found = []
    for match in WORD.finditer(letters.text):
        sense = _sense(match[0], language, kind)
        if sense.sure or sense.maybe:
            found.append(SenseMention(match[0], *letters.widened(*match.span()), sense))
    return found


@lru_cache(maxsize=50_000)
def _sense(word: str, language: str, kind: str) -> Sense:
    """What a word tells; one joined by hyphens tells what its parts do."""
    parts = dict.fromkeys((word, *word.split("-")))
    both = [_sense_of_part(part, language, kind) for part in parts]
    sure = frozenset[str]().union(*(sense.sure for sense in both))
    return Sense(sure, frozenset[str]().union(*(sense.maybe for sense in both)) - sure)


def _sense_of_part(word: str, language: str, kind: str) -> Sense:
    sure, maybe = set[str](), set[str]()
    lower = lower_case(word)
    for name, patterns in _patterns(language, kind).items():
        if _fits(patterns["never"], word, lower):
            continue
        if _fits(patterns["sure"], word, lower):
            sure.add(name)
        elif _fits(patterns["maybe"], word, lower):
            maybe.add(name)
    return Sense(frozenset(sure), frozenset(maybe))


@dataclass(frozen=True, slots=True)
class _Terms:
    """Patterns for terms as they are written, and for those in any case; None where there are none."""

    cased: re.Pattern[str] | None
    caseless: re.Pattern[str] | None

    @classmethod
    def of(cls, terms: Iterable[str]) -> _Terms:
        known = list(terms)
        cased = [term for term in known if term != term.lower()]
        caseless = [term for term in known if term == term.lower()]
        return cls(
            *(re.compile(re.sub("['’]", "['’]", any_of(group))) if group else None for group in (cased, caseless))
        )


def _fits(terms: _Terms, word: str, lower: str) -> bool:
    return bool(
        (terms.cased is not None and terms.cased.fullmatch(word))
        or (terms.caseless is not None and terms.caseless.fullmatch(lower))
    )


@cache
def _patterns(language: str, kind: str) -> Mapping[str, Mapping[str, _Terms]]:
    """By sense, the words that surely have it, that may have it, and that never do."""
    senses: Mapping[str, Mapping[str, SenseWords]] = getattr(sense_file(), kind)
    found = {}
    for name, by_language in senses.items():
        words = by_language.get(language, SenseWords())
        maybe = [*listed(words.maybe), *(_deniers(language) if kind == NEGATION else ())]
        terms = {"sure": listed(words.sure), "maybe": maybe, "never": listed(words.never)}
        found[name] = {how: _Terms.of(each) for how, each in terms.items()}
    return found


def _deniers(language: str) -> tuple[str, ...]:
    """The words by which something in a sentence may be denied, of the list that layers are checked with."""
    denials = read_knowledge("negation", dict[str, Denials]).get(language)
    return tuple(term for term in denials.anywhere if " " not in term and len(term) > 1) if denials else ()


def is_beside_a_side(word: str, language: str) -> bool:
    """Whether a word in lower case has a side, though it is no part of the body (ventricle, quadrant)."""
    return bool(_sided(language).fullmatch(word))


@cache
def _sided(language: str) -> re.Pattern[str]:
    return re.compile(any_of(listed(sense_file().sided.get(language, ""))))

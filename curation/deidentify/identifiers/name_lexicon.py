"""The words around names (names.yaml), ready for use in a language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

WORDS = Path(__file__).with_name("names.yaml")
TOKEN = re.compile(r"[^\W\d_]+(?:[-'’´](?!s\b)[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class NameLexicon:
    """The words of names.yaml for one language, ready for use."""

    first: frozenset[str]
    never: frozenset[str]
    homographs: frozenset[str]  # never found again
    beginnings: frozenset[str]  # found again within a sentence
    particles: frozenset[str]
    eponym_after: tuple[str, ...]
    eponym_before: frozenset[str]
    title: re.Pattern[str]
    academic: re.Pattern[str]
    never_endings: tuple[str, ...]
    label: re.Pattern[str]
    several_only: tuple[str, ...]  # a label that begins so wants more than one word
    single_labels: frozenset[str]  # but not these
    lead: re.Pattern[str]
    patient_lead: re.Pattern[str]
    rank: re.Pattern[str]
    kin: re.Pattern[str]
    kin_lead: re.Pattern[str]  # before a relative: a name follows, known or not
    kin_others: frozenset[str]  # but none of these
    kin_other_endings: tuple[str, ...]
    naming: tuple[str, ...]  # behind one of them any word with a capital is a name
    greeting: re.Pattern[str]
    behind: re.Pattern[str]
    birth: re.Pattern[str]
    closing: re.Pattern[str]
    closings: tuple[str, ...]  # one of them stands in a text that closes so
    token: re.Pattern[str]  # a word with a capital, or one of the heads; some others too
    heads: frozenset[str]  # the words with which a title, a label or a lead begins


@lru_cache(maxsize=2)
def lexicon(language: str) -> NameLexicon:
    """The words for German texts, or for all others; first names are known in both."""
    content = _content()
    spoken = "de" if language == "de" else "en"
    firsts = [name for names in content["first"].values() for each in names.values() for name in each.split()]
    salutations, academic = (_with_capitals(_split(content[name][spoken])) for name in ("salutations", "academic"))
    labels, leads, kin, greetings, naming = (
        _split(content[name]) for name in ("labels", "leads", "kin", "greetings", "naming")
    )
    between = _any(_split(content["between"]) + academic)
    homographs, beginnings = (frozenset(content[name].lower().split()) for name in ("homographs", "beginnings"))
    heads = [head[0] for word in [*salutations, *academic, *labels, *leads] if (head := TOKEN.match(word))]
    salutation = rf"(?:{_any(salutations)})(?:[ ]?(?:/|und|u\.|and|&)[ ]?(?:{_any(salutations)}))?"
    return NameLexicon(
        first=frozenset([*firsts, *content["more_first"].split()]),
        never=frozenset(word.lower() for word in _split(content["never"])),
        never_endings=tuple(content["never_endings"].split()),
        homographs=homographs if language == "de" else frozenset(),
        beginnings=beginnings if language == "de" else beginnings | homographs,
        particles=frozenset(_split(content["particles"])),
        eponym_after=tuple(_split(content["eponym_after"])),
        eponym_before=frozenset(_split(content["eponym_before"])),
        title=re.compile(
            rf"(?<![\w.])(?:{salutation}\s{{0,2}})?(?:{_any(academic)})"
            rf"(?:[ \t]*[,&]?[ \t]*(?:{between})(?![\w]))*[ \t]{{0,2}}"
            rf"|(?<![\w.]){salutation}[ \t]{{0,2}}(?:(?:{between})(?![\w])[ \t]{{0,2}})*\n?"
        ),
        academic=re.compile(rf"(?<![\w.])(?:{_any(academic)})"),
        label=re.compile(rf"({_any(labels)})(?:[ ]?\([^()\n]{{1,20}}\))?\s?:[ \t]*"),
        several_only=tuple(content["several_only"].split()),
        single_labels=frozenset(_split(content["single_labels"])),
        lead=re.compile(rf"(?:{_any(leads)})[ \t]*(?<=[\t .])"),
        patient_lead=re.compile(rf"\b(?:{content['patient_leads']})[,:]?\s+"),
        rank=re.compile(rf"(?<![\w-])(?:{_any(_split(content['ranks']))})[ ](?=[^\W\d_])"),
        kin=re.compile(rf"(?<![\w-])(?:{_any(kin)})[,:]?(?:[ ](?:{_any(naming)}))?[ ](?:\()?(?=[^\W\d_])"),
        kin_lead=re.compile(
            rf"(?<![\w-])(?:{_any(_split(content['kin_leads']))})[ ](?:(?:{_any(_split(content['kin_leads']))})[ ])?$"
        ),
        kin_others=frozenset(_split(content["kin_others"])),
        kin_other_endings=tuple(content["kin_other_endings"].split()),
        naming=tuple(f"{word} " for word in naming),
        greeting=re.compile(rf"(?<![\w-])(?:{_any(greetings)})[ ](?=[^\W\d_])"),
        behind=re.compile(rf",?[ ](?:{_any(_split(content['behind']))})(?!\w)"),
        heads=frozenset(heads),
        token=re.compile(_beginning(heads) + TOKEN.pattern),
        birth=re.compile(content["birth"]),
        closing=re.compile(rf"(?i:{content['closings']})[^\n]*\n"),
        closings=tuple(closing.removesuffix(r"\b") for closing in content["closings"].split("|")),
    )


def _with_capitals(words: Iterable[str]) -> list[str]:
    """The words, and those of more than two letters in capitals as well."""
    several = list(words)
    return [
        *several,
        *(word.upper() for word in several if sum(map(str.isalpha, word)) > 2 or word in ("Dr.", "Mr.", "Ms.")),
    ]


def _beginning(heads: Iterable[str]) -> str:
    """Before a word: that it begins here, and not with a small letter unless it is one of the heads."""
    small = "|".join(sorted({re.escape(word) for word in heads if word[0].islower()}))
    return rf"(?<![^\W\d_])(?<![^\W\d_][-'’´])(?:(?![a-zß-öø-ÿ])|(?=(?:{small})(?![^\W\d_])))"


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return content


def _split(words: str) -> list[str]:
    return [word.replace("#", " ") for word in words.split()]


def _any(words: Iterable[str]) -> str:
    """Any of the words, the longest first; one that ends in a letter ends there."""
    longest_first = sorted(set(words), key=len, reverse=True)
    return "|".join(re.escape(word) + (r"(?!\w)" if word[-1].isalnum() else "") for word in longest_first)

"""Invented names for names, word by word, so that each part of a name stands for the same wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Callable

from curation.deidentify.identifiers.name_lexicon import lexicon
from curation.deidentify.key import KeyedDraws
from curation.deidentify.surrogate_words import given_name, initials, surname

Span = tuple[int, int]
#: A word, or an initial with its stop.
PART = re.compile(r"[^\W\d_]+\.?")
#: Short words with a stop that are no initials.
TITLES = frozenset({"dr.", "st.", "hr.", "fr.", "jr.", "sr.", "mr.", "ms."})


def names(wording: str, drawn: Callable[..., KeyedDraws], *, language: str) -> list[tuple[Span, str]]:
    """The words of a name with what stands for each.

    drawn: the draws of the patient's group. language: that of the group, in which names are invented.
    """
    return [(match.span(), word) for match in PART.finditer(wording) if (word := _word(match[0], drawn, language))]


def _word(wording: str, drawn: Callable[..., KeyedDraws], language: str) -> str | None:
    words = lexicon(language)
    is_title = any(map(words.academic.fullmatch, (wording, wording.rstrip("."))))
    if wording.lower() in TITLES or wording in words.particles or is_title:
        return None
    stop = "." if wording.endswith(".") else ""
    plain = wording.rstrip(".")
    if len(plain) <= 2 and stop:
        return _letter(plain[0], drawn) + stop
    return _cased(_instead(plain, drawn, language), plain) + stop


def _instead(plain: str, drawn: Callable[..., KeyedDraws], language: str) -> str:
    draws = drawn("word", plain.lower())
    given = plain.title() in lexicon(language).first
    for _ in range(8):
        # An initial must go on standing for the given name, unless that would be the name itself.
        name = given_name(draws, _letter(plain[0], drawn)) if given else surname(draws, language)
        if name.lower() != plain.lower():
            return name
    return surname(draws, language)


def _letter(letter: str, drawn: Callable[..., KeyedDraws]) -> str:
    return drawn("letter", letter.upper()).one_of(initials())


def _cased(name: str, like: str) -> str:
    if len(like) > 1 and like.isupper():
        return name.upper()
    return name.lower() if like.islower() else name

"""Denials that a sentence has and its translation does not, or has at another finding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from curation.text.folding import lower_case
from curation.text.terms import any_of, listed
from curation.translate.projection.pieces import Word, evidence, words_of
from validation.translation.passages import BeadSide, Changed
from validation.translation.senses import NEGATION, Sense, SenseMention, sense_file

#: Words after a denial among which what it denies is looked for.
WORDS = 3
#: From which certainty on a word is the translation of another.
CERTAIN = 0.8
#: Marks that end a denial.
MARK = re.compile(r"[.;:()](?=\s|$)")
#: What joins the last of a list of findings that are denied together.
JOINED = re.compile(r"\b(?:and|or|nor|und|oder|noch|sowie|bzw)\b|/")


def changed_denials(original: BeadSide, translation: BeadSide) -> Changed:
    """The denials of a passage where the other has no word that may deny, or denies not the same finding."""
    ours, theirs = _denials(original), _denials(translation)
    lost = _sure(ours) if not theirs else _undenied(original, ours, translation, theirs)
    gained = _sure(theirs) if not ours else _undenied(translation, theirs, original, ours)
    return lost, gained


def _denials(passage: BeadSide) -> list[SenseMention]:
    """The words that deny or may deny; those of phrases that may deny nothing (not only) only may."""
    pseudo = [
        (passage.start + match.start(), passage.start + match.end())
        for match in _pseudo(passage.language).finditer(lower_case(passage.text[passage.start : passage.end]))
    ]
    return [
        replace(mention, sense=Sense(frozenset(), mention.sense.sure))
        if mention.sense.sure and any(start <= mention.start < end for start, end in pseudo)
        else mention
        for mention in passage.mentions[NEGATION]
    ]


def _sure(mentions: Sequence[SenseMention]) -> list[SenseMention]:
    return [mention for mention in mentions if mention.sense.sure]


def _undenied(
    passage: BeadSide, denials: Sequence[SenseMention], other: BeadSide, their_denials: Sequence[SenseMention]
) -> list[SenseMention]:
    """The denials of a passage before a word whose translation nothing denies."""
    words = _words(passage)
    others = _words(other)
    found = []
    for denial in denials:
        denied = _denied_word(denial, passage, words) if denial.sense.sure else None
        meant = _translated(denied, others, (passage.language, other.language)) if denied else []
        if meant and not any(_is_denied(word, other, their_denials) for word in meant):
            found.append(denial)
    return found


def _words(passage: BeadSide) -> list[Word]:
    """The words of a passage at their offsets in the whole text."""
    return [
        Word(word.start + passage.start, word.end + passage.start, word.folded, word.is_function)
        for word in words_of(passage.text[passage.start : passage.end], passage.language)
    ]


def _denied_word(denial: SenseMention, passage: BeadSide, words: Sequence[Word]) -> Word | None:
    """The noun right behind a denial: the last of the words up to a mark, or to a function word."""
    found = None
    for word in [word for word in words if word.start >= denial.end][:WORDS]:
        if re.search(r"[^\w\s-]", passage.text[denial.end : word.start]) or word.is_function:
            break
        found = word
        if passage.language == "de" and passage.text[word.start].isupper():
            break
    return found


def _translated(word: Word, others: Sequence[Word], languages: tuple[str, str]) -> list[Word]:
    """The words that surely mean the same."""
    return [
        other
        for other in others
        if not other.is_function and any(each.certainty >= CERTAIN for each in evidence(word, other, languages))
    ]


def _is_denied(word: Word, passage: BeadSide, denials: Sequence[SenseMention]) -> bool:
    """Whether a word may be denied: by one before it or after it in its clause, or in itself (fieberfrei)."""
    text = passage.text
    start = max((match.end() for match in MARK.finditer(text, passage.start, word.start)), default=passage.start)
    after = MARK.search(text, word.end, passage.end)
    end = after.start() if after else passage.end
    ends = _ends(passage.language)
    for denial in denials:
        if denial.start < word.end and denial.end > word.start:
            return True
        if start <= denial.start < word.start:
            between = lower_case(text[denial.end : word.start])
            if not ends.search(between) and ("," not in between or _is_listed(denial, word, passage, denials, end)):
                return True
        elif word.end <= denial.start < end:
            before = denial.sense.sure and _stands_before(denial.word, passage.language)
            # "Fieber hatte er keines": nothing follows that it could deny.
            if not before or not any(sign.isalpha() for sign in text[denial.end : end]):
                return True
    return False


def _is_listed(denial: SenseMention, word: Word, passage: BeadSide, denials: Sequence[SenseMention], end: int) -> bool:
    """Whether a denial goes over commas to a word: to the last of a list, if nothing in this is denied once more."""
    if not _stands_before(denial.word, passage.language):
        return True
    again = any(word.end <= other.start < end and _stands_before(other.word, passage.language) for other in denials)
    return not again and JOINED.search(lower_case(passage.text[denial.end : end])) is not None


def _stands_before(word: str, language: str) -> bool:
    return lower_case(word) in listed(sense_file().before.get(language, ""))


@cache
def _pseudo(language: str) -> re.Pattern[str]:
    phrases = any_of(listed(sense_file().pseudo.get(language, ""))).replace(r"\ ", r"\s+")
    return re.compile(rf"\b(?:{phrases or '(?!)'})\b|\bno\.\s?\d")


@cache
def _ends(language: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{any_of(listed(sense_file().ends.get(language, ''))) or '(?!)'})\b")

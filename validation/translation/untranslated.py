"""Sentences of a translation that are still in the language of the original."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from rapidfuzz import fuzz, process

from curation.text.drugs import without_drugs
from curation.text.language import common_words, confidences
from validation.translation.evidence import WORD
from validation.translation.sentences import SentenceEvidence

#: Words that tell a language: with a small letter at the beginning, or capitals only at the beginning, no drug.
TELLING = re.compile(r"(?<![\w-])[^\W\d_][^\W\d_A-ZÄÖÜ]{2,}(?![\w-])")
#: Words that are spelt in many languages alike: Latin and Greek of anatomy and diagnoses.
LATIN = re.compile(r"(?:us|um|is|ae|ii|oma|osis|itis|iasis|ia|a|ens|ans|or|ma)$", re.IGNORECASE)
#: Where a heading ends, or a sentence that what follows was joined to for its small letter.
HEADED = re.compile(r":\s+|\n+|(?<=[.!?])\s+")
#: Telling words from which a sentence is sure to be in a language, and the probability from which it is in it.
WORDS, SURE = 4, 0.9
#: A sentence is in its own language, and the detector is not asked, from so many words of it that the other language
#: does not have, if they are this share of its words and none is one that only the other has.
OWN, OWN_SHARE = 2, 1 / 8
#: A copied sentence: one of the original is like it (rapidfuzz ratio) and has its telling words. Then a low probability
#: is enough, and a higher one where all of these words have capitals.
COPIED, LIKELY, CAPITALS = 90, 0.15, 0.8


def untranslated(original: SentenceEvidence, translation: SentenceEvidence) -> list[int]:
    """The sentences of the translation that are in the original's language; nothing where both are in one."""
    ours, theirs = original.language, translation.language
    if ours == theirs:
        return []
    originals = [part for sentence in range(len(original.spans)) for part in _parts(original.wording(sentence))]
    return [
        sentence
        for sentence in range(len(translation.spans))
        if any(_is_untranslated(part, originals, (ours, theirs)) for part in _parts(translation.wording(sentence)))
    ]


def _parts(sentence: str) -> list[str]:
    """A sentence, and each of its headings, which may have been translated where it was not."""
    return [part for part in HEADED.split(sentence) if part.strip()]


def _is_untranslated(sentence: str, originals: list[str], languages: tuple[str, str]) -> bool:
    words = telling(sentence)
    if not words:
        return False
    # A word with a capital may be a name.
    likely = CAPITALS if all(word[0].isupper() for word in words) else LIKELY
    # Which language it is costs more than all else here: it is asked only where the answer counts.
    is_copied = _copied(sentence, words, originals)
    sure = len(words) >= WORDS and not _is_in(languages[1], sentence, other=languages[0])
    least = likely if is_copied else SURE if sure else None
    return least is not None and _share(" ".join(words), languages) >= least


def _is_in(language: str, sentence: str, *, other: str) -> bool:
    words = set(WORD.findall(sentence.lower()))
    own = len(words & _own_words(language, other))
    return own >= OWN and own >= OWN_SHARE * len(words) and words.isdisjoint(_own_words(other, language))


@cache
def _own_words(language: str, other: str) -> frozenset[str]:
    """The commonest words of a language without those of the other."""
    return common_words(language) - common_words(other)


@lru_cache(maxsize=4_096)
def _share(words: str, languages: tuple[str, str]) -> float:
    """The probability of the first of two languages."""
    return confidences(words, languages=languages).get(languages[0], 0.0)


def telling(sentence: str) -> list[str]:
    """The words that show a sentence's language: no numbers, abbreviations, drugs, Latin."""
    return [word for word in TELLING.findall(without_drugs(sentence)) if not _is_latin(word)]


@lru_cache(maxsize=20_000)
def _is_latin(word: str) -> bool:
    return LATIN.search(word) is not None


def _copied(sentence: str, words: list[str], originals: list[str]) -> bool:
    found = process.extractOne(sentence, originals, scorer=fuzz.ratio, score_cutoff=COPIED)
    return found is not None and set(words) <= set(telling(found[0]))

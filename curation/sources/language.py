"""The language of a text whose source does not give it."""

from __future__ import annotations

import re

from curation.errors import MissingExtraError
from curation.text.language import detect

#: The characters at the beginning of a text that are looked at.
START = 300
#: The code of an undetermined language (ISO 639-2).
UNDETERMINED = "und"
#: A language less likely than this is not given.
SURE = 0.5
#: Small words that only one of the two has. Running text in it holds many; counting them is fifty times
#: as fast as the detector, which is asked when they do not decide.
SMALL_WORDS = {
    "en": frozenset(["the", "of", "and", "with", "to", "for", "by", "from", "his", "her", "he", "she", "were", "had"]),
    "de": frozenset(["der", "und", "mit", "den", "dem", "ein", "eine", "zu", "von", "bei", "auf", "nicht", "wurde"]),
}
MANY = 4
WORD = re.compile(r"[a-zäöüß]+")


def detect_language(text: str) -> str:
    """The ISO 639-1 code; "und" when none is likely or the detector is not installed."""
    start = text.lstrip()[:START]
    return _by_small_words(start) or _by_detector(start)


def _by_small_words(text: str) -> str | None:
    """The language that the small words point to, if they do so clearly."""
    words = WORD.findall(text.lower())
    counts = {language: sum(word in small for word in words) for language, small in SMALL_WORDS.items()}
    likely, other = sorted(counts, key=counts.__getitem__, reverse=True)
    return likely if counts[likely] >= max(MANY, 4 * counts[other]) else None


def _by_detector(text: str) -> str:
    try:
        found = detect(text)
    except MissingExtraError:
        return UNDETERMINED
    return found.language if found.language and found.confidence >= SURE else UNDETERMINED

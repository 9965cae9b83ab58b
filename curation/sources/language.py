"""The language of a text whose source does not give it."""

from __future__ import annotations

import re
import unicodedata

from curation.errors import MissingExtraError, UsageError
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
#: The codes of ISO 639-1.
CODES = frozenset(
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo "
    "es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka "
    "kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng "
    "nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su "
    "sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu".split()
)
WORD = re.compile(r"[a-zäöüß]+")


def language_code(stated: str) -> str:
    """The language code in small letters. Raises UsageError when it is none of ISO 639-1, nor "und"."""
    code = stated.strip().lower()
    if code in CODES or code == UNDETERMINED:
        return code
    language = re.split("[-_]", code)[0]
    hint = f"; regions are not told apart: {language}" if language in CODES else ""
    raise UsageError(f"expected a language code of two letters (ISO 639-1) such as en, de or fr, got {stated}{hint}")


#: Names and longer codes (ISO 639-2, 639-3) of languages in which sources of Western hospitals are.
NAMES = {
    "en": "eng english englisch anglais",
    "de": "deu ger german deutsch allemand",
    "fr": "fra fre french français francais französisch",
    "es": "spa spanish español espanol spanisch",
    "it": "ita italian italiano italienisch",
    "nl": "nld dut dutch nederlands niederländisch",
    "pt": "por portuguese português portugues portugiesisch",
    "pl": "pol polish polski polnisch",
    "da": "dan danish dansk dänisch",
    "sv": "swe swedish svenska schwedisch",
    "tr": "tur turkish türkçe türkisch",
    "ru": "rus russian russkij russisch",
}
BY_NAME = {name: code for code, names in NAMES.items() for name in names.split()}


def language_named(stated: str) -> str | None:
    """The code of a language that a source names by its code, with a region, by a longer code or a word; None when it
    is no known language.
    """
    plain = unicodedata.normalize("NFC", stated).strip().lower()
    code = re.split(r"[-_\s(]", plain)[0]
    if plain == UNDETERMINED or code in CODES:
        return code
    return BY_NAME.get(code)


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

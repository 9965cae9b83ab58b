"""Which language a text is in, offline, by lingua (Stahl 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from curation.errors import MissingExtraError, UsageError

#: Told apart by default: the product's own, and those that are most easily taken for them.
LANGUAGES = ("en", "de", "fr", "es", "it", "nl")

#: A long text is looked at in this many places, each of this many characters. Below about 200 characters
#: lingua also counts single letters and pairs, which is slower and no surer.
WINDOWS = 3
WINDOW = 300


@dataclass(frozen=True, slots=True)
class Detected:
    """The likeliest language (ISO 639-1) and its probability among the candidates; None when nothing tells."""

    language: str | None
    confidence: float


UNKNOWN = Detected(None, 0.0)


def detect(text: str, *, languages: Sequence[str] = LANGUAGES) -> Detected:
    """The language of a text, from samples of it when it is long."""
    found = confidences(text, languages=languages)
    if not found:
        return UNKNOWN
    language = max(found, key=lambda name: found[name])
    return Detected(language, found[language])


def confidences(text: str, *, languages: Sequence[str] = LANGUAGES) -> dict[str, float]:
    """The probability of each candidate, the mean over the text's samples; empty when nothing tells."""
    told = [found for sample in samples(text) if (found := _probabilities(sample, tuple(languages)))]
    return {name: sum(found[name] for found in told) / len(told) for name in told[0]} if told else {}


def detect_samples(text: str, *, languages: Sequence[str] = LANGUAGES) -> list[Detected]:
    """The language of each sample that tells one: more than one language means a mixed text."""
    found = (_probabilities(sample, tuple(languages)) for sample in samples(text))
    return [Detected(*max(one.items(), key=lambda pair: pair[1])) for one in found if one]


def samples(text: str) -> list[str]:
    """The text itself when short, else stretches spread evenly from its beginning to its end."""
    text = text.strip()
    if len(text) <= WINDOWS * WINDOW:
        return [text[start : start + WINDOW] for start in range(0, max(1, len(text) - WINDOW // 2), WINDOW)]
    step = (len(text) - WINDOW) / (WINDOWS - 1)
    return [text[round(place * step) : round(place * step) + WINDOW] for place in range(WINDOWS)]


@lru_cache(maxsize=4096)
def _probabilities(sample: str, languages: tuple[str, ...]) -> dict[str, float]:
    if not any(character.isalpha() for character in sample):
        return {}
    values = detector(languages).compute_language_confidence_values(sample)
    found = {str(value.language.iso_code_639_1.name).lower(): float(value.value) for value in values}
    # When no candidate has anything in common with the text, all of them come out at zero or alike.
    return found if len({round(value, 6) for value in found.values()}) > 1 else {}


@lru_cache(maxsize=8)
def detector(languages: tuple[str, ...]) -> Any:
    """The detector for the candidates (ISO 639-1 codes), loaded once a process.

    Raises UsageError for a code it does not know, or for fewer than two.
    """
    try:
        from lingua import IsoCode639_1, Language, LanguageDetectorBuilder
    except ImportError as error:
        raise MissingExtraError("lingua-language-detector", "validate") from error
    codes: list[Any] = [getattr(IsoCode639_1, name.upper(), None) for name in languages]
    if unknown := [name for name, code in zip(languages, codes, strict=True) if code is None]:
        raise UsageError(f"expected ISO 639-1 codes of languages that lingua knows, got {', '.join(unknown)}")
    if len(set(languages)) < 2:
        raise UsageError(f"expected at least two languages to tell apart, got {', '.join(languages) or 'none'}")
    return LanguageDetectorBuilder.from_languages(*(Language.from_iso_code_639_1(code) for code in codes)).build()

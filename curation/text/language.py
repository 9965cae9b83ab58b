"""Which language a text is in, offline, by lingua (Stahl 2021)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from math import ceil
from typing import Any

from curation.errors import MissingExtraError, UsageError
from curation.text.encodable import encodable

#: Told apart by default: the product's own, and those that are most easily taken for them.
LANGUAGES = ("en", "de", "fr", "es", "it", "nl")

#: A long text is looked at in this many samples, each of this many characters. Below about 150 characters
#: lingua also counts single letters and pairs, which takes three times as long.
WINDOWS = 3
WINDOW = 200


@dataclass(frozen=True, slots=True)
class Detected:
    """The likeliest language (ISO 639-1) and its probability among the candidates; None without evidence."""

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
    """The probability of each candidate, the mean over the text's samples; empty when the text gives no evidence."""
    (probabilities,) = sample_confidences([text], languages=languages)
    return mean(probabilities)


def mean(samples: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean probability of each candidate over samples of one text; empty when there is none."""
    return {name: sum(sample[name] for sample in samples) / len(samples) for name in samples[0]} if samples else {}


def sample_confidences(texts: Sequence[str], *, languages: Sequence[str] = LANGUAGES) -> list[list[dict[str, float]]]:
    """For each text, the probability of each candidate in each of its samples that gives evidence.

    Several texts at once are looked at on all cores.
    """
    parts = [samples(text) for text in texts]
    found_in = iter(_probabilities([sample for part in parts for sample in part], tuple(languages)))
    return [[found for _ in part if (found := next(found_in))] for part in parts]


def samples(text: str) -> list[str]:
    """All of a short text in equal parts, else samples spread evenly from its beginning to its end."""
    text = text.strip()
    parts = min(WINDOWS, max(1, round(len(text) / WINDOW)))
    size = WINDOW if len(text) > WINDOWS * WINDOW else ceil(len(text) / parts)
    starts = [round(part * (len(text) - size) / max(1, parts - 1)) for part in range(parts)]
    return [text[start : start + size] for start in starts]


def _probabilities(samples: Sequence[str], languages: tuple[str, ...]) -> list[dict[str, float]]:
    """The candidates' probabilities in each sample; empty where nothing tells."""
    language_detector = detector(languages)
    asked = [encodable(sample) if any(map(str.isalpha, sample)) else "" for sample in samples]
    # For one text the threads are not worth their start.
    if len(asked) > WINDOWS:
        return list(map(_by_code, language_detector.compute_language_confidence_values_in_parallel(asked)))
    return [_by_code(language_detector.compute_language_confidence_values(sample)) for sample in asked]


def _by_code(values: Sequence[Any]) -> dict[str, float]:
    found = {_code(value.language): value.value for value in values}
    # When no candidate has anything in common with the text, all of them come out at zero or alike.
    return found if len({round(value, 6) for value in found.values()}) > 1 else {}


@cache
def common_words(language: str) -> frozenset[str]:
    """The words in lower case that texts of a language are full of, as spaCy lists them; none where it has no list."""
    try:
        module = import_module(f"spacy.lang.{language}.stop_words")
    except ImportError:
        return frozenset()
    return frozenset(module.STOP_WORDS)


@cache
def _code(language: Any) -> str:
    return str(language.iso_code_639_1.name).lower()


@lru_cache(maxsize=8)
def detector(languages: tuple[str, ...]) -> Any:
    """The detector for the candidates (ISO 639-1 codes), loaded once a process.

    Raises UsageError for an unknown code, or for fewer than two.
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

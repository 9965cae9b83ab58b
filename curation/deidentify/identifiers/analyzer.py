"""The recognizers of identifiers: Presidio's with patterns of ours, its own, and no model at all.

Presidio wants words of a language model to weigh contexts. Here a pattern says itself what has to stand before
it, so no engine is needed around the recognizers, nothing is downloaded, and a text takes milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from curation.deidentify.identifiers.identifier import Identifier, Kind, parted
from curation.deidentify.identifiers.matching import Seek, seeker
from curation.deidentify.identifiers.names import AGAIN, find_names
from curation.deidentify.identifiers.presidio import read_presidio
from curation.text.dates import fill_date_parts

PATTERNS = Path(__file__).with_name("patterns.yaml")
LANGUAGES = ("en", "de")
WORD = re.compile(r"\w+")
#: A match that is less sure is left out: Presidio's own numbers without their check digit, for one.
SURE = 0.45
#: Longer texts are read in pieces, for what looks back or on from a place may do so from each; and with what stands
#: around them: no pattern looks further.
PIECE, OVERLAP = 10_000, 200
#: Presidio's own recognizers that need no model: class, kind, languages.
PREDEFINED = (
    ("EmailRecognizer", Kind.EMAIL, LANGUAGES),
    ("IbanRecognizer", Kind.ID, LANGUAGES),
    ("DeHealthInsuranceRecognizer", Kind.ID, ("de",)),
    ("DeSocialSecurityRecognizer", Kind.ID, ("de",)),
    ("NhsRecognizer", Kind.ID, ("en",)),
)


def find_identifiers(text: str, *, language: str) -> tuple[Identifier, ...]:
    """The identifiers of a text, apart and in order; texts in other languages are read as English ones."""
    spoken = language if language in LANGUAGES else "en"
    found: list[Identifier] = []
    for begin in range(0, max(1, len(text)), PIECE):
        left = max(0, begin - OVERLAP)
        piece = text[left : begin + PIECE + OVERLAP]
        found += [
            Identifier(left + start, left + end, Kind(kind), round(score, 3))
            for seek in _seekers(spoken)
            for start, end, kind, score in seek(piece)
            # What begins before was found in the piece before, which sees further to its left.
            if score >= SURE and left + start >= begin
        ]
    return parted([*_within(text, found), *_again(text, found)])


def _again(text: str, found: list[Identifier]) -> list[Identifier]:
    """Other places of the towns that something showed to be towns."""
    towns = {text[one.start : one.end].strip() for one in found if one.kind is Kind.CITY}
    # By length, so that each place is asked a few times, however many towns there are.
    lengths = sorted({len(town) for town in towns if len(town) > 4}, reverse=True)
    if not lengths:
        return []
    places = ((one.start(), one.start() + length) for one in WORD.finditer(text) for length in lengths)
    return [
        Identifier(start, end, Kind.CITY, AGAIN)
        for start, end in places
        if text[start:end] in towns and not text[end : end + 1].isalnum()
    ]


def _within(text: str, found: list[Identifier]) -> list[Identifier]:
    """Without white space at the ends, and without what is empty then."""
    trimmed = []
    for one in found:
        said = text[one.start : one.end]
        start, end = one.start + len(said) - len(said.lstrip()), one.start + len(said.rstrip())
        if start < end:
            trimmed.append(Identifier(start, end, one.kind, one.score))
    return trimmed


@lru_cache(maxsize=len(LANGUAGES))
def _seekers(language: str) -> tuple[Seek, ...]:
    """What finds what the recognizers of a language find, made once a process."""
    return tuple(map(seeker, _recognizers(language)))


def _recognizers(language: str) -> tuple[Any, ...]:
    """Ours from the file, ours for names, and those of Presidio.

    They are asked one after the other: what Presidio's engine does around them (looking them up for each text,
    weighing contexts, dropping what lies within a longer match) is done by the patterns and by `parted`.
    """
    read_presidio()
    from presidio_analyzer import PatternRecognizer

    ours = [
        PatternRecognizer.from_dict({**entry, "supported_language": language, "global_regex_flags": int(re.MULTILINE)})
        for entry in _entries(language)
    ]
    return (*ours, _name_recognizer(language), *_predefined(language))


def _entries(language: str) -> Iterator[dict[str, Any]]:
    """The entries of the file that serve a language, without the note on which they serve."""
    for entry in yaml.safe_load(fill_date_parts(PATTERNS.read_text(encoding="utf-8"))):
        if language in entry.pop("languages", LANGUAGES):
            yield entry


def _predefined(language: str) -> Iterator[Any]:
    from presidio_analyzer import predefined_recognizers

    for name, kind, languages in PREDEFINED:
        if language in languages:
            made = getattr(predefined_recognizers, name)
            if name == "EmailRecognizer":
                made = _offline(made)
            yield made(supported_language=language, supported_entity=str(kind))


def _offline(recognizer: Any) -> Any:
    """The e-mail recognizer with the list of endings that tldextract brings along, in place of one from the network."""
    import tldextract

    extract = tldextract.TLDExtract(suffix_list_urls=())

    class Offline(recognizer):  # type: ignore[misc]
        def validate_result(self, pattern_text: str) -> bool | None:
            # An address with an unknown ending is one still: its score stays as it is.
            return True if extract(pattern_text).fqdn else None

    return Offline


def _name_recognizer(language: str) -> Any:
    from presidio_analyzer import LocalRecognizer, RecognizerResult

    class NameRecognizer(LocalRecognizer):  # type: ignore[misc]
        """Names and titles, as a recognizer of Presidio."""

        def load(self) -> None:
            """Nothing: the words are read when first used."""

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
            return [
                RecognizerResult(
                    entity_type=str(one.kind),
                    start=one.start,
                    end=one.end,
                    score=one.score,
                    recognition_metadata={
                        RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                    },
                )
                for one in find_names(text, language)
            ]

    return NameRecognizer(
        supported_entities=[str(Kind.NAME), str(Kind.TITLE)], supported_language=language, name="names"
    )

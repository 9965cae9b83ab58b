"""What Presidio's recognizers find in a text, in a time that grows with the text and not with its square.

Its `PatternRecognizer.analyze` compares each find with all others, to drop what lies within another: fourteen hundred
e-mail addresses are two million comparisons. Here its patterns and its checks are asked, and nothing is compared:
`curation.deidentify.identifiers.identifier.parted` sorts that out for all recognizers together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

#: Start, end, kind of identifier and score of each find.
Find = tuple[int, int, str, float]
Seek = Callable[[str], Iterator[Find]]


def seeker(recognizer: Any) -> Seek:
    """What finds what the recognizer finds; one that does not use Presidio's own `analyze` is asked itself."""
    from presidio_analyzer import PatternRecognizer

    if getattr(type(recognizer), "analyze", None) is not PatternRecognizer.analyze:
        return lambda text: (
            (found.start, found.end, found.entity_type, found.score)
            for found in recognizer.analyze(text, recognizer.supported_entities, None)
        )
    return _by_patterns(recognizer)


def _by_patterns(recognizer: Any) -> Seek:
    import regex

    (kind,) = recognizer.supported_entities
    patterns = [(regex.compile(one.regex, recognizer.global_regex_flags), one.score) for one in recognizer.patterns]

    def finds(text: str) -> Iterator[Find]:
        for pattern, score in patterns:
            for match in pattern.finditer(text):
                sure = _checked(recognizer, match.group(), score)
                if sure:
                    yield match.start(), match.end(), kind, sure

    return finds


def _checked(recognizer: Any, wording: str, score: float) -> float:
    """How sure a match is after the recognizer's checks: 1 or 0 where one of them says so."""
    if not wording or recognizer.invalidate_result(wording):
        return 0.0
    valid = recognizer.validate_result(wording)
    return score if valid is None else float(valid)

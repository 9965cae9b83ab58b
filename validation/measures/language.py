"""Language: whether the text is in the language that its record names."""

from __future__ import annotations

from collections.abc import Sequence

from curation.language import Detected, confidences, detect_samples
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

#: From this probability on, a stretch of text counts as being in another language.
SURE = 0.9


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The language detected in each text, and the probability of the one that was named."""
    candidates = tuple(sorted({*scope.settings.language.candidates, *scope.scheme.languages}))
    return [_row(subject.record.text, subject.record.language, candidates) for subject in subjects]


def _row(text: str, named: str, candidates: tuple[str, ...]) -> Columns:
    found = confidences(text, languages=candidates)
    if not found:
        return LANGUAGE.nothing
    return {
        "language_detected": max(found, key=lambda name: found[name]),
        "language_confidence": round(found.get(named, 0.0), 4),
        "languages_found": _found(detect_samples(text, languages=candidates)),
    }


def _found(samples: Sequence[Detected]) -> int:
    return max(1, len({sample.language for sample in samples if sample.confidence >= SURE}))


LANGUAGE = MeasureSpec(
    name="language",
    version=1,
    measure=measure,
    words=frozenset({"language_detected"}),
    columns={
        "language_detected": "likeliest language of the text",
        "language_confidence": "probability of the language that the record names",
        "languages_found": "languages that stretches of the text are surely in",
    },
)

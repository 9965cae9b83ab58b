"""Language: whether the text is in the language that its record names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curation.text.language import mean, sample_confidences
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

#: From this probability on, a stretch of text counts as being in another language.
SURE = 0.9


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The language detected in each text, and the probability of the one that was named."""
    candidates = tuple(sorted({*scope.settings.language.candidates, *scope.scheme.languages}))
    texts = [subject.record.text for subject in subjects]
    told = sample_confidences(texts, languages=candidates)
    return [_row(subject.record.language, found) for subject, found in zip(subjects, told, strict=True)]


def _row(named: str, samples: Sequence[Mapping[str, float]]) -> Columns:
    found = mean(samples)
    if not found:
        return LANGUAGE.nothing
    surely = {language for sample in samples for language, confidence in sample.items() if confidence >= SURE}
    return {
        "language_detected": max(found, key=lambda name: found[name]),
        "language_confidence": round(found.get(named, 0.0), 4),
        "languages_found": max(1, len(surely)),
    }


LANGUAGE = MeasureSpec(
    name="language",
    version=2,
    measure=measure,
    words=frozenset({"language_detected"}),
    columns={
        "language_detected": "likeliest language of the text",
        "language_confidence": "probability of the language that the record names",
        "languages_found": "languages that stretches of the text are surely in",
    },
)

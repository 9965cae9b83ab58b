"""Language: whether the text is in the language that its record names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curation.decision import DecisionKind
from curation.text.language import mean, sample_confidences
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.measures.text import LANGUAGE as LANGUAGE_NAMED
from validation.settings import Severity

#: From this probability on, a stretch of text counts as being in another language.
SURE = 0.9


LANGUAGE_DETECTED = MeasureColumn("language_detected", "likeliest language of the text", Holds.WORD)
LANGUAGE_CONFIDENCE = MeasureColumn(
    "language_confidence", "probability of the language that the record names", plotted=True
)
LANGUAGES_FOUND = MeasureColumn("languages_found", "languages that stretches of the text are surely in")


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The language detected in each text, and the probability of the one that was named."""
    candidates = tuple(sorted({*scope.settings.language.candidates, *scope.scheme.languages}))
    texts = [subject.record.text for subject in subjects]
    samples = sample_confidences(texts, languages=candidates)
    return [_row(subject.record.language, found) for subject, found in zip(subjects, samples, strict=True)]


def _row(named: str, samples: Sequence[Mapping[str, float]]) -> Columns:
    found = mean(samples)
    if not found:
        return LANGUAGE.nothing
    surely = {language for sample in samples for language, confidence in sample.items() if confidence >= SURE}
    return {
        LANGUAGE_DETECTED: max(found, key=lambda name: found[name]),
        LANGUAGE_CONFIDENCE: round(found.get(named, 0.0), 4),
        LANGUAGES_FOUND: max(1, len(surely)),
    }


LANGUAGE = MeasureSpec(
    name="language",
    version=2,
    of=DecisionKind.TEXT,
    columns=(LANGUAGE_DETECTED, LANGUAGE_CONFIDENCE, LANGUAGES_FOUND),
    rules=(
        Rule(
            "language_agrees",
            LANGUAGE_CONFIDENCE,
            "The text is in the language that the record names.",
            parameters=lambda settings, scheme: {"min_value": settings.language.minimum},
            beside=(LANGUAGE_NAMED, LANGUAGE_DETECTED),
        ),
        Rule(
            "language_unmixed",
            LANGUAGES_FOUND,
            "The text is in one language throughout.",
            parameters=lambda settings, scheme: {"max_value": 1},
            severity=Severity.SOFT,
            beside=(LANGUAGE_DETECTED,),
        ),
    ),
    settings=("language.candidates",),
    measure=measure,
)

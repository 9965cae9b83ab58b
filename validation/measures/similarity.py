"""Similarity: how near an entity is to its sentence in the space of a sentence encoder.

A wording that has nothing to do with the sentence it is said to stand in, or with any sentence when it
was not found, is likely misplaced or invented.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from curation.decision import DecisionKind
from curation.embeddings.encoder import Encoder
from curation.record import Entity
from curation.text.sentences import MOST_SENTENCES, SENTENCE_CHARACTERS, sentence_spans
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject, embeddings_off, encoder_identity
from validation.measures.rule import Rule
from validation.settings import Severity

SIMILARITY_LEAST = MeasureColumn("similarity_least", "least cosine between an entity and its sentence", plotted=True)
SIMILARITY_MEAN = MeasureColumn("similarity_mean", "mean cosine between the entities and their sentences", plotted=True)
LEAST_SIMILAR_ENTITY = MeasureColumn(
    "least_similar_entity", "id of the entity that is least like its sentence", Holds.ENTITY_ID
)


@dataclass(frozen=True, slots=True)
class _Question:
    """An entity of a subject and the sentences that it may belong to."""

    subject: int
    entity: Entity
    sentences: tuple[str, ...]


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The least and the mean cosine between entities and their sentences; each text is encoded once."""
    if not scope.settings.similarity.enabled:
        return [SIMILARITY.nothing for _ in subjects]
    questions = [question for at, subject in enumerate(subjects) for question in _questions(at, subject)]
    scored: list[list[tuple[float, str]]] = [[] for _ in subjects]
    for question, cosine in zip(questions, _cosines(questions, scope.encoder), strict=True):
        scored[question.subject].append((cosine, question.entity.id))
    return [_row(found) for found in scored]


def texts(subjects: Sequence[Subject]) -> Iterator[str]:
    """The entities and the sentences that they may belong to."""
    for at, subject in enumerate(subjects):
        for question in _questions(at, subject):
            yield question.entity.text
            yield from question.sentences


def _row(scored: Sequence[tuple[float, str]]) -> Columns:
    if not scored:
        return SIMILARITY.nothing
    least, entity_id = min(scored)
    return {
        SIMILARITY_LEAST: round(least, 4),
        SIMILARITY_MEAN: round(sum(cosine for cosine, _ in scored) / len(scored), 4),
        LEAST_SIMILAR_ENTITY: entity_id,
    }


def _cosines(questions: Sequence[_Question], encoder: Encoder) -> list[float]:
    texts = {text: None for question in questions for text in (question.entity.text, *question.sentences)}
    if not texts:
        return []
    row = {text: index for index, text in enumerate(texts)}
    vectors = encoder.encode(list(texts))
    return [
        float((vectors[[row[sentence] for sentence in question.sentences]] @ vectors[row[question.entity.text]]).max())
        for question in questions
    ]


def _questions(at: int, subject: Subject) -> list[_Question]:
    entities = subject.layer.entities if subject.layer else ()
    bounds = sentence_spans(subject.record.text, subject.record.language) if entities else ()
    if not bounds:
        return []
    return [_Question(at, entity, _sentences(entity, subject.record.text, bounds)) for entity in entities]


def _sentences(entity: Entity, text: str, bounds: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """The sentence in which the entity starts; all of them, cut to their beginnings, if it is nowhere."""
    if not 0 <= entity.start < len(text):
        return tuple(text[start:end][:SENTENCE_CHARACTERS] for start, end in bounds[:MOST_SENTENCES])
    sentence = max(0, bisect_right(bounds, (entity.start, len(text))) - 1)
    start, end = bounds[sentence]
    low = max(start, entity.start - SENTENCE_CHARACTERS // 2)
    return (text[low : min(end, low + SENTENCE_CHARACTERS)],)


SIMILARITY = MeasureSpec(
    name="similarity",
    version=2,
    of=DecisionKind.LAYER,
    columns=(SIMILARITY_LEAST, SIMILARITY_MEAN, LEAST_SIMILAR_ENTITY),
    rules=(
        Rule(
            "entities_fit_sentences",
            SIMILARITY_MEAN,
            "On average, entities are like the sentences they stand in.",
            parameters=lambda settings, scheme: {"min_value": settings.similarity.mean},
            severity=Severity.SOFT,
            beside=(LEAST_SIMILAR_ENTITY,),
        ),
        Rule(
            "each_entity_fits_its_sentence",
            SIMILARITY_LEAST,
            "No entity is wholly unlike the sentence it stands in.",
            parameters=lambda settings, scheme: {"min_value": settings.similarity.minimum},
            severity=Severity.SOFT,
            beside=(LEAST_SIMILAR_ENTITY,),
        ),
    ),
    settings=("similarity.enabled", "similarity.encoder"),
    depends=encoder_identity,
    lacks=embeddings_off,
    measure=measure,
    texts=texts,
)

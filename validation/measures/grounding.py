"""Grounding: whether the text holds what a layer holds, by letters or by meaning. What it does not hold is invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from curation.decision import DecisionKind
from curation.record import Alignment, Entity, Record
from curation.text.alignment import align
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.layer import stands
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject, embeddings_off, encoder_identity
from validation.measures.nearest_passage import WordingQuery, nearest
from validation.measures.rule import GROUNDED, Rule
from validation.settings import Severity

#: Characters of a wording that are looked for in the text, and of a text that they are looked for in: more is no fact.
LONGEST, SEARCHED = 1_000, 200_000


GROUNDING_RATIO = MeasureColumn("grounding_ratio", "share of the entities that stand in the text", plotted=True)
FUZZY_LEAST = MeasureColumn("fuzzy_least", "least similarity of an entity that was found inexactly")
UNGROUNDED = MeasureColumn("ungrounded", "entities that do not stand where they should")
UNGROUNDED_ENTITIES = MeasureColumn("ungrounded_entities", "their ids", Holds.ENTITY_IDS)
ELSEWHERE_ENTITIES = MeasureColumn(
    "elsewhere_entities", "those of them whose wording stands elsewhere in the text", Holds.ENTITY_IDS
)
PARAPHRASED_ENTITIES = MeasureColumn(
    "paraphrased_entities", "those of them that a stretch of the text says in other words", Holds.ENTITY_IDS
)
INVENTED = MeasureColumn("invented", "those of them that the text does not say", lacks=embeddings_off)
INVENTED_ENTITIES = MeasureColumn("invented_entities", "their ids", Holds.ENTITY_IDS)


@dataclass(slots=True)
class _Found:
    """The entities of one layer that are not where they should be, by what became of them."""

    total: int
    lost: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    paraphrased: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    fuzzy: list[float] = field(default_factory=list)


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The share of entities found in each text, and those that were not: elsewhere, in other words, or invented."""
    settings = scope.settings.grounding
    rows: list[_Found] = []
    open_: list[tuple[_Found, Entity, Record]] = []
    for subject in subjects:
        if subject.layer is None:
            continue
        found = _Found(len(subject.layer.entities))
        rows.append(found)
        for entity in subject.layer.entities:
            if is_grounded(entity, subject.record.text, fuzzy=settings.fuzzy):
                found.fuzzy += [entity.alignment_score] if entity.alignment is Alignment.FUZZY else []
                continue
            found.lost.append(entity.id)
            aligned = align(entity.text[:LONGEST], subject.record.text[:SEARCHED])
            if aligned.spans and aligned.score >= settings.fuzzy:
                found.elsewhere.append(entity.id)
            else:
                open_.append((found, entity, subject.record))
    compared = scope.settings.similarity.enabled
    if compared and open_:
        queries = [WordingQuery(record, entity.text[:LONGEST]) for _, entity, record in open_]
        for (found, entity, _), cosine in zip(open_, nearest(queries, scope.encoder), strict=True):
            (found.paraphrased if cosine >= settings.semantic else found.invented).append(entity.id)
    return [_row(found, compared=compared) for found in rows]


def is_grounded(entity: Entity, text: str, *, fuzzy: float) -> bool:
    """Whether an entity stands in the text: exactly, folded, or at least as similar as `fuzzy`."""
    if entity.alignment is Alignment.NONE or not stands(entity, text):
        return False
    return entity.alignment is not Alignment.FUZZY or entity.alignment_score >= fuzzy


def _row(found: _Found, *, compared: bool) -> Columns:
    """compared: whether inventions were distinguished from other words, which takes embeddings."""
    return {
        GROUNDING_RATIO: round(1 - len(found.lost) / found.total, 4) if found.total else None,
        FUZZY_LEAST: round(min(found.fuzzy), 4) if found.fuzzy else None,
        UNGROUNDED: len(found.lost),
        UNGROUNDED_ENTITIES: list(found.lost),
        ELSEWHERE_ENTITIES: list(found.elsewhere),
        PARAPHRASED_ENTITIES: list(found.paraphrased),
        INVENTED: len(found.invented) if compared else None,
        INVENTED_ENTITIES: list(found.invented),
    }


GROUNDING = MeasureSpec(
    name="grounding",
    version=3,
    of=DecisionKind.LAYER,
    columns=(
        GROUNDING_RATIO,
        FUZZY_LEAST,
        UNGROUNDED,
        UNGROUNDED_ENTITIES,
        ELSEWHERE_ENTITIES,
        PARAPHRASED_ENTITIES,
        INVENTED,
        INVENTED_ENTITIES,
    ),
    rules=(
        Rule(
            "entities_grounded",
            GROUNDING_RATIO,
            "The entities stand in the text; what does not may be invented.",
            expects=GROUNDED,
            parameters=lambda settings, scheme: {"min_value": settings.grounding.minimum},
            beside=(UNGROUNDED, UNGROUNDED_ENTITIES),
        ),
        Rule(
            "nothing_invented",
            INVENTED,
            "The text says what the entities say, be it elsewhere or in other words.",
            severity=Severity.SOFT,
            beside=(INVENTED_ENTITIES,),
        ),
    ),
    settings=("grounding.fuzzy", "grounding.semantic", "similarity.enabled", "similarity.encoder"),
    depends=encoder_identity,
    measure=measure,
)

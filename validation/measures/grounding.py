"""Grounding: whether the text says what a layer says, by letters or by meaning. What it does not is invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from curation.record import Alignment, Entity, Record
from curation.text.alignment import align
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.nearest_passage import Wanted, nearest
from validation.measures.structure import stands

#: Characters of a wording that are looked for in the text, and of a text that they are looked for in: more is no fact.
LONGEST, SEARCHED = 1_000, 200_000


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
    told = scope.settings.similarity.enabled
    if told and open_:
        wanted = [Wanted(record, entity.text[:LONGEST]) for _, entity, record in open_]
        for (found, entity, _), cosine in zip(open_, nearest(wanted, scope.encoder), strict=True):
            (found.paraphrased if cosine >= settings.semantic else found.invented).append(entity.id)
    return [_row(found, told=told) for found in rows]


def is_grounded(entity: Entity, text: str, *, fuzzy: float) -> bool:
    """Whether an entity stands in the text: exactly, folded, or at least as similar as `fuzzy`."""
    if entity.alignment is Alignment.NONE or not stands(entity, text):
        return False
    return entity.alignment is not Alignment.FUZZY or entity.alignment_score >= fuzzy


def _row(found: _Found, *, told: bool) -> Columns:
    """told: whether an invention was told from other words, which takes embeddings."""
    return {
        "grounding_ratio": round(1 - len(found.lost) / found.total, 4) if found.total else None,
        "fuzzy_least": round(min(found.fuzzy), 4) if found.fuzzy else None,
        "ungrounded": len(found.lost),
        "ungrounded_entities": list(found.lost),
        "elsewhere_entities": list(found.elsewhere),
        "paraphrased_entities": list(found.paraphrased),
        "invented": len(found.invented) if told else None,
        "invented_entities": list(found.invented),
    }


GROUNDING = MeasureSpec(
    name="grounding",
    version=3,
    measure=measure,
    needs_layer=True,
    lists=frozenset({"ungrounded_entities", "elsewhere_entities", "paraphrased_entities", "invented_entities"}),
    columns={
        "grounding_ratio": "share of the entities that stand in the text",
        "fuzzy_least": "least similarity of an entity that was found inexactly",
        "ungrounded": "entities that do not stand where they should",
        "ungrounded_entities": "their ids",
        "elsewhere_entities": "those of them whose wording stands elsewhere in the text",
        "paraphrased_entities": "those of them that a stretch of the text says in other words",
        "invented": "those of them that the text does not say",
        "invented_entities": "their ids",
    },
)

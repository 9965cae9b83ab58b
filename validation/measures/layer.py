"""Layer: whether a layer fits its text and the scheme, by form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from curation.decision import DecisionKind
from curation.record import Alignment, Entity, Layer, Record, wording
from curation.scheme import Scheme
from curation.text.folding import fold
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject
from validation.measures.rule import Rule
from validation.settings import Severity

LAYER_NAME = MeasureColumn("layer", "layer that was checked", Holds.WORD)
AUTHOR = MeasureColumn("author", "author of that layer", Holds.WORD)
ENTITIES = MeasureColumn("entities", "entities", plotted=True)
UNKNOWN_CATEGORIES = MeasureColumn("unknown_categories", "entities in categories that the scheme does not have")
CATEGORY_NAMES_UNKNOWN = MeasureColumn("category_names_unknown", "those categories", Holds.WORDS)
UNKNOWN_RELATIONS = MeasureColumn("unknown_relations", "relations of types that the scheme does not have")
INEXACT_OFFSETS = MeasureColumn("inexact_offsets", "entities whose offsets leave the text or give other wording")
INEXACT_ENTITIES = MeasureColumn("inexact_entities", "their ids", Holds.ENTITY_IDS)
REPEATED_ENTITIES = MeasureColumn("repeated_entities", "entities that stand twice: same category, same span")


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """Whether each layer fits its text and the scheme."""
    return [_row(subject.record, subject.layer, scope.scheme) for subject in subjects if subject.layer]


def _row(record: Record, layer: Layer, scheme: Scheme) -> Columns:
    types = {relation.name for relation in scheme.relations}
    inexact = [entity.id for entity in layer.entities if not stands(entity, record.text)]
    unknown = sorted({entity.category for entity in layer.entities} - set(scheme.names))
    repeated = Counter((entity.category, entity.spans) for entity in layer.entities if entity.spans)
    return {
        LAYER_NAME: layer.name,
        AUTHOR: layer.author,
        ENTITIES: len(layer.entities),
        UNKNOWN_CATEGORIES: sum(entity.category in unknown for entity in layer.entities),
        CATEGORY_NAMES_UNKNOWN: list(unknown),
        UNKNOWN_RELATIONS: sum(relation.type not in types for relation in layer.relations),
        INEXACT_OFFSETS: len(inexact),
        INEXACT_ENTITIES: list(inexact),
        REPEATED_ENTITIES: sum(count - 1 for count in repeated.values()),
    }


def stands(entity: Entity, text: str) -> bool:
    """Whether an entity's offsets are within the text and, unless fuzzy, give its wording."""
    if not entity.fragments:
        return True
    if entity.end > len(text):
        return False
    found = wording(text, entity.spans)
    if entity.alignment is Alignment.EXACT:
        return found == entity.text
    if entity.alignment is Alignment.FOLDED:
        return fold(found).text.strip() == fold(entity.text).text.strip()
    return True


LAYER = MeasureSpec(
    name="layer",
    version=1,
    of=DecisionKind.LAYER,
    columns=(
        LAYER_NAME,
        AUTHOR,
        ENTITIES,
        UNKNOWN_CATEGORIES,
        CATEGORY_NAMES_UNKNOWN,
        UNKNOWN_RELATIONS,
        INEXACT_OFFSETS,
        INEXACT_ENTITIES,
        REPEATED_ENTITIES,
    ),
    rules=(
        Rule(
            "categories_known",
            UNKNOWN_CATEGORIES,
            "Every entity is in a category of the scheme.",
            beside=(CATEGORY_NAMES_UNKNOWN,),
        ),
        Rule("relations_known", UNKNOWN_RELATIONS, "Every relation is of a type of the scheme."),
        Rule(
            "offsets_exact",
            INEXACT_OFFSETS,
            "The text at an entity's offsets is the entity's wording.",
            beside=(INEXACT_ENTITIES,),
        ),
        Rule("entities_distinct", REPEATED_ENTITIES, "No entity is said twice.", severity=Severity.SOFT),
        Rule(
            "entities_found",
            ENTITIES,
            "The layer marks something, where the scheme has categories.",
            parameters=lambda settings, scheme: {"min_value": settings.entities.minimum},
            severity=Severity.SOFT,
            beside=(LAYER_NAME,),
            applies=lambda scheme: bool(scheme.categories),
        ),
    ),
    measure=measure,
)

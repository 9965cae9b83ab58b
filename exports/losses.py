"""What a format cannot hold of a record and its layer: counted before anything is written, and after every export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from curation.record import Alignment, Assertion, Entity, Layer, Record, Relation
from curation.scheme import Scheme

#: What may be lost, in the order in which people are told, and in their words.
ENTITIES = "entities"
PLACES = "places of entities"
WORDINGS = "wordings that the text says otherwise"
ASSERTIONS = "assertions"
ATTRIBUTES = "attributes"
CODES = "codes"
SCORES = "scores"
RELATIONS = "relations"
LABELS = "document labels"
FIELDS = "fields of records"
TEXTS = "texts of records"
#: Replaced in the files; kept beside them, so that they come back.
CHARACTERS = "line breaks and control characters"
#: In the files as text; as numbers with units they could not be read.
VALUES = "values and doses that stay text"
#: In the files as something general.
KINDLESS = "entities of categories that the format has no kind for"
#: Counted by the export itself, whatever the format.
TRANSLATED = "entities not found in their translations"
KINDS = (
    ENTITIES,
    PLACES,
    WORDINGS,
    ASSERTIONS,
    ATTRIBUTES,
    CODES,
    SCORES,
    RELATIONS,
    LABELS,
    FIELDS,
    TEXTS,
    CHARACTERS,
    VALUES,
    KINDLESS,
    TRANSLATED,
)

#: The fields of a record beside its id, language and text.
RECORD_FIELDS = frozenset({"group", "source", "translation_of", "licence", "meta"})

#: Gives what a format loses of a record and its layer, by KINDS.
Losses = Callable[[Record, Layer, Scheme], Counter[str]]


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a format can hold, beside contiguous entities at their places. Called, it counts what it cannot."""

    unplaced: bool = False  #: entities that stand nowhere in the text
    discontinuous: bool = False
    places: bool = True
    wordings: bool = False  #: of entities that the text says otherwise
    assertions: bool = False
    attributes: bool = False
    codes: bool = False
    scores: bool = False
    relations: bool = False
    labels: bool = False
    fields: Collection[str] = RECORD_FIELDS

    def kept(self, layer: Layer) -> Iterator[Entity]:
        """The entities that have a place in the format, in the order of the layer."""
        for entity in layer.entities:
            if self.unplaced if not entity.fragments else self.discontinuous or len(entity.fragments) == 1:
                yield entity

    def related(self, layer: Layer) -> Iterator[Relation]:
        """The relations between entities that have a place in the format."""
        there = {entity.id for entity in self.kept(layer)}
        return (link for link in layer.relations if self.relations and {link.head, link.tail} <= there)

    def __call__(self, record: Record, layer: Layer, scheme: Scheme) -> Counter[str]:
        return self.lost(record, layer, list(self.kept(layer)))

    def lost(self, record: Record, layer: Layer, kept: Sequence[Entity]) -> Counter[str]:
        """What is lost where the format keeps these entities only."""
        there = {entity.id for entity in kept}
        links = sum(self.relations and {link.head, link.tail} <= there for link in layer.relations)
        return +Counter(
            {
                ENTITIES: len(layer.entities) - len(kept),
                PLACES: 0 if self.places else sum(bool(entity.fragments) for entity in kept),
                WORDINGS: 0 if self.wordings else sum(map(is_worded_otherwise, kept)),
                ASSERTIONS: 0 if self.assertions else sum(map(is_asserted, kept)),
                ATTRIBUTES: 0 if self.attributes else sum(len(entity.attributes) for entity in kept),
                CODES: 0 if self.codes else sum(len(entity.codes) for entity in kept),
                SCORES: 0 if self.scores else sum(entity.score is not None for entity in kept),
                RELATIONS: len(layer.relations) - links,
                LABELS: 0 if self.labels else len(layer.labels),
                FIELDS: sum(bool(getattr(record, name)) for name in RECORD_FIELDS.difference(self.fields)),
            }
        )


def is_worded_otherwise(entity: Entity) -> bool:
    """Whether an entity that has a place is worded otherwise than the text there."""
    return bool(entity.fragments) and entity.alignment is not Alignment.EXACT


def is_asserted(entity: Entity) -> bool:
    """Whether an entity is anything but present."""
    return entity.assertion is not Assertion.PRESENT


def in_words(lost: Counter[str]) -> str:
    """The numbers as people read them: `3 entities, 2 scores`."""
    return ", ".join(f"{lost[kind]} {kind}" for kind in KINDS if lost[kind])

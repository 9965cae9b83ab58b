"""What is wrong with a layer against a trusted one: every entity, relation and document label that is not the same.

An entity of either side is in one error at most. First those that are the same are set aside; then what overlaps in the
same category is a wrong boundary, the same place in another category a wrong category, what overlaps in another one is
both; the rest is missed or invented. Of each kind as many pairs are made as there can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from curation.record import Entity, Layer
from curation.scheme import Scheme
from curation.scoring.entities import target_of
from curation.scoring.labels import NO_VALUE
from curation.scoring.matching import Spans, overlap, paired_up


class ErrorKind(StrEnum):
    """What an error is."""

    BOUNDARY = "boundary"
    CATEGORY = "category"
    BOTH = "boundary and category"
    MISSED = "missed"
    INVENTED = "invented"
    RELATION_ARGUMENT = "relation argument"
    RELATION_TYPE = "relation type"
    RELATION_MISSED = "relation missed"
    RELATION_INVENTED = "relation invented"
    LABEL = "document label"


@dataclass(frozen=True, slots=True)
class LayerError:
    """One error: its kind, what it is counted under (category, type of relation or label), and where it lies.

    trusted, predicted: the names on either side, and the fragments; empty where a side has nothing, or has it at no
    place in the text.
    """

    kind: ErrorKind
    name: str
    trusted: str = ""
    predicted: str = ""
    trusted_spans: Spans = ()
    predicted_spans: Spans = ()

    @property
    def identity(self) -> tuple[str, str, str, Spans, Spans]:
        """What two authors' errors have in common that are the same one."""
        return self.kind, self.trusted, self.predicted, self.trusted_spans, self.predicted_spans


@dataclass(frozen=True, slots=True)
class LayerErrors:
    """The errors of a layer on one record, and how many entities are right."""

    errors: tuple[LayerError, ...]
    right: int


def layer_errors(trusted: Layer, predicted: Layer | None, scheme: Scheme) -> LayerErrors:
    """All that a layer says otherwise than the trusted one; no layer says nothing."""
    gold, found = _entities(trusted, scheme), _entities(predicted, scheme)
    right = gold.keys() & found.keys()
    errors = [
        *_entity_errors(*([side[key] for key in side if key not in right] for side in (gold, found))),
        *_relation_errors(trusted, predicted, scheme),
        *_label_errors(trusted, predicted, scheme),
    ]
    return LayerErrors(tuple(errors), len(right))


#: An entity by its category, its spans, and its wording where it has none.
_EntityKey = tuple[str, Spans, str]


def _entities(layer: Layer | None, scheme: Scheme) -> dict[_EntityKey, Entity]:
    """The entities that count; one that is given twice is one."""
    counted = (entity for entity in (layer.entities if layer else ()) if scheme.counts(entity))
    return {_key(entity): entity for entity in counted}


def _key(entity: Entity) -> _EntityKey:
    return (entity.category, *target_of(entity))


def _entity_errors(gold: Sequence[Entity], found: Sequence[Entity]) -> Iterator[LayerError]:
    ours, theirs = list(gold), list(found)
    for kind, fits in _FITS.items():
        pairs = paired_up([[at for at, other in enumerate(theirs) if fits(entity, other)] for entity in ours])
        for owner, partner in sorted(pairs.items()):
            first, second = ours[owner], theirs[partner]
            yield LayerError(kind, first.category, first.category, second.category, first.spans, second.spans)
        ours = [entity for at, entity in enumerate(ours) if at not in pairs]
        taken = set(pairs.values())
        theirs = [entity for at, entity in enumerate(theirs) if at not in taken]
    for entity in ours:
        yield LayerError(ErrorKind.MISSED, entity.category, entity.category, trusted_spans=entity.spans)
    for entity in theirs:
        yield LayerError(ErrorKind.INVENTED, entity.category, predicted=entity.category, predicted_spans=entity.spans)


def _boundary(ours: Entity, theirs: Entity) -> bool:
    return ours.category == theirs.category and overlap(ours.spans, theirs.spans)


def _category(ours: Entity, theirs: Entity) -> bool:
    return bool(ours.spans) and ours.spans == theirs.spans


def _both(ours: Entity, theirs: Entity) -> bool:
    return overlap(ours.spans, theirs.spans)


#: In the order in which pairs are made.
_FITS: Mapping[ErrorKind, Callable[[Entity, Entity], bool]] = {
    ErrorKind.BOUNDARY: _boundary,
    ErrorKind.CATEGORY: _category,
    ErrorKind.BOTH: _both,
}


@dataclass(frozen=True, slots=True)
class _Link:
    """A relation by its type and its ends."""

    type: str
    head: _EntityKey
    tail: _EntityKey

    @property
    def spans(self) -> Spans:
        """The fragments of both ends."""
        return tuple(sorted({*self.head[1], *self.tail[1]}))


def _links(layer: Layer | None, scheme: Scheme) -> dict[_Link, None]:
    counted = {entity.id: _key(entity) for entity in (layer.entities if layer else ()) if scheme.counts(entity)}
    return {
        _Link(relation.type, counted[relation.head], counted[relation.tail]): None
        for relation in (layer.relations if layer else ())
        if relation.head in counted and relation.tail in counted
    }


def _relation_errors(trusted: Layer, predicted: Layer | None, scheme: Scheme) -> Iterator[LayerError]:
    gold, found = _links(trusted, scheme), _links(predicted, scheme)
    ours = [link for link in gold if link not in found]
    theirs = [link for link in found if link not in gold]

    def same_ends(a: _Link, b: _Link) -> bool:
        return (a.head, a.tail) == (b.head, b.tail)

    def one_end(a: _Link, b: _Link) -> bool:
        return a.type == b.type and (a.head == b.head or a.tail == b.tail)

    for kind, fits in ((ErrorKind.RELATION_TYPE, same_ends), (ErrorKind.RELATION_ARGUMENT, one_end)):
        pairs = paired_up([[at for at, other in enumerate(theirs) if fits(link, other)] for link in ours])
        for owner, partner in sorted(pairs.items()):
            first, second = ours[owner], theirs[partner]
            yield LayerError(kind, first.type, first.type, second.type, first.spans, second.spans)
        ours = [link for at, link in enumerate(ours) if at not in pairs]
        taken = set(pairs.values())
        theirs = [link for at, link in enumerate(theirs) if at not in taken]
    for link in ours:
        yield LayerError(ErrorKind.RELATION_MISSED, link.type, link.type, trusted_spans=link.spans)
    for link in theirs:
        yield LayerError(ErrorKind.RELATION_INVENTED, link.type, predicted=link.type, predicted_spans=link.spans)


def _label_errors(trusted: Layer, predicted: Layer | None, scheme: Scheme) -> Iterator[LayerError]:
    """Wrong and missing values of the labels that the trusted layer gives."""
    for label in scheme.labels:
        expected = trusted.labels.get(label.name)
        given = (predicted.labels.get(label.name) if predicted else None) or NO_VALUE
        if expected is not None and expected != given:
            yield LayerError(ErrorKind.LABEL, label.name, expected, given)

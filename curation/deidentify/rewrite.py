"""A record without its identifiers, and its layers over the new text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from curation.deidentify.edits import Edits
from curation.deidentify.identifiers.identifier import Identifier, IdentifierKind, outside
from curation.deidentify.identifiers.surrogate_marks import MARK, SurrogateMark
from curation.deidentify.metadata import MetadataRewriter
from curation.deidentify.scope import DeidentifyScope, found_in
from curation.deidentify.surrogates import Mode, Patient, edits_for
from curation.record import Alignment, Entity, Fragment, Layer, Record, check_layer, normal_group, record_id, wording

#: A new text is looked at again, since what was one thing beside a name may be another beside its surrogate.
ROUNDS = 3


@dataclass(frozen=True)
class RewrittenRecord:
    """A record with its layers, without identifiers, and how many were replaced, by kind."""

    record: Record
    layers: tuple[Layer, ...]
    replaced: Mapping[IdentifierKind, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Replacement:
    """A text without identifiers: the edits that led to it, one round after the other, with the text before each.

    surrogate_of: what stands for each identifier, by its wording.
    """

    text: str
    rounds: Sequence[tuple[str, Edits]]
    surrogates: tuple[Identifier, ...]
    surrogate_of: Mapping[str, str]
    counts: Mapping[IdentifierKind, int]


def replaced(
    text: str,
    language: str,
    patient: Patient,
    scope: DeidentifyScope,
    *,
    names: Collection[str] = (),
    surrogates: Sequence[Identifier] = (),
) -> Replacement:
    """The text with surrogates for its identifiers. surrogates: those that stand in it already, which stay."""
    rounds: list[tuple[str, Edits]] = []
    counts: dict[IdentifierKind, int] = {}
    surrogate_of: dict[str, str] = {}
    for _ in range(ROUNDS):
        every = found_in(text, language, _moving(scope), names, scope.recognisers)
        found = outside(text, every, [surrogate.span for surrogate in surrogates])
        if not found:
            break
        edits = Edits(edits_for(text, found, patient, language=language, mode=scope.mode))
        new = edits.apply(text)
        for identifier in found:
            counts[identifier.kind] = counts.get(identifier.kind, 0) + 1
            surrogate_of[text[slice(*identifier.span)]] = new[slice(*edits.span(identifier.span))]
        surrogates = _surrogates((*surrogates, *found), edits)
        rounds.append((text, edits))
        text = new
    return Replacement(text, rounds, tuple(surrogates), surrogate_of, counts)


def rewritten(
    record: Record,
    layers: Sequence[Layer],
    patient: Patient,
    scope: DeidentifyScope,
    *,
    names: Collection[str] = (),
    ids: Mapping[str, str] | None = None,
) -> RewrittenRecord:
    """The record as a new one, with each layer projected onto its text.

    names: words that are names in other records of the group. ids: new ids by old ones, for `translation_of`
    and for the provenance of layers.
    """
    ids = ids or {}
    found = replaced(record.text, record.language, patient, scope, names=names)
    text = found.text
    entities = [projected(layer.entities, found) for layer in layers]
    metadata = MetadataRewriter(record.language, patient, scope, found.surrogate_of, names, ids)
    group = f"p-{patient.key.pseudonym('group', normal_group(record.group))}"
    made = Record(
        id=record_id(text, language=record.language, source_id=patient.key.pseudonym("record", record.id)),
        group=group,
        source=record.source,
        language=record.language,
        text=text,
        translation_of=ids.get(record.translation_of, record.translation_of) if record.translation_of else None,
        licence=record.licence,
        meta={**_meta(record, metadata, patient), MARK: SurrogateMark(scope.mode.value, found.surrogates).as_json()},
    )
    moved = [_layer(layer, each, made, metadata) for layer, each in zip(layers, entities, strict=True)]
    return RewrittenRecord(made, tuple(moved), found.counts)


def projected(entities: Sequence[Entity], found: Replacement) -> tuple[Entity, ...]:
    """Entities of a text over the one without identifiers."""
    texts = [*(text for text, _ in found.rounds[1:]), found.text]
    for (_, edits), new in zip(found.rounds, texts, strict=False):
        entities = [_entity(entity, new, edits) for entity in entities]
    return tuple(entities)


def _moving(scope: DeidentifyScope) -> frozenset[IdentifierKind]:
    """The kinds that are changed: where dates move, years that stand alone move along, so that order holds."""
    moves = IdentifierKind.DATE in scope.kinds and scope.mode is Mode.SURROGATE
    return scope.kinds | ({IdentifierKind.YEAR} if moves else set())


def _surrogates(replaced: Sequence[Identifier], edits: Edits) -> tuple[Identifier, ...]:
    """Where surrogates stand in the new text, whole ones even where only a part has changed."""
    return tuple(sorted(Identifier(*edits.span(each.span), each.kind, each.score) for each in replaced))


def _entity(entity: Entity, text: str, edits: Edits) -> Entity:
    """The entity over the new text; one that an edit touches says what stands there now."""
    if not entity.fragments:
        return entity
    spans = edits.spans(entity.spans)
    touched = any(edits.touch(span) for span in entity.spans)
    fragments = tuple(Fragment(start=start, end=end) for start, end in spans)
    words = wording(text, spans) if touched or entity.alignment is Alignment.EXACT else entity.text
    return entity.model_copy(update={"fragments": fragments, "text": words})


def _layer(layer: Layer, entities: Sequence[Entity], record: Record, metadata: MetadataRewriter) -> Layer:
    rewritten_entities = tuple(
        entity.model_copy(
            update={
                "text": entity.text if entity.alignment is Alignment.EXACT else metadata.text(entity.text),
                "attributes": {name: metadata.text(value) for name, value in entity.attributes.items()},
            }
        )
        for entity in entities
    )
    made = Layer(
        record_id=record.id,
        name=layer.name,
        author=layer.author,
        entities=rewritten_entities,
        relations=layer.relations,
        labels={name: metadata.text(value) for name, value in layer.labels.items()},
        created=layer.created,
        provenance={**metadata.object(layer.provenance, prose=True), MARK: True},
    )
    return check_layer(record, made)


def _meta(record: Record, metadata: MetadataRewriter, patient: Patient) -> dict[str, JsonValue]:
    meta = metadata.object(record.meta)
    if "source_id" in meta:
        # The name of a file or a row is often the patient's name or number.
        meta["source_id"] = patient.key.pseudonym("source", str(record.meta["source_id"]))
    return meta

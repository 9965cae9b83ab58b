"""A translation that a person has corrected: a record of its own, with the layers of the one before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pydantic import Field, JsonValue, ValidationError

from curation.deidentify.identifiers.surrogate_marks import MARK, SurrogateMark, is_marked, surrogate_identifiers
from curation.record import (
    PROJECTION,
    Alignment,
    Entity,
    Fragment,
    Frozen,
    Layer,
    Record,
    check_layer,
    record_id,
    wording,
)
from curation.text.revision import Revision
from curation.translate.projection.assignment import project
from curation.translate.projection.links import Side
from curation.translate.projection.projected import Placement, ProjectionState
from curation.translate.translated import MADE, OF_THE_TEXT

#: Under which name a record that a person corrected says how, and what its layers are called that came with it.
CORRECTED, CORRECTED_FROM = "corrected", "corrected_from"
#: What the provenance of a person's layer calls the text of the translation as they left it.
WRITTEN = "translation"
#: A correction has at least this part of the letters of the translation, or that part of those of the original: it may
#: end what a translator told twice.
LEAST, LEAST_OF_ORIGINAL = 0.6, 0.8
#: And at most so many times as many as the longer of both.
MOST = 3.0


class CorrectionNote(Frozen):
    """How a record came about: which record was corrected, by whom and when; who had translated it.

    A copy without identifiers may have other words in the place of the time.
    """

    of: str
    by: str
    at: datetime | str = Field(union_mode="left_to_right")
    translated_by: str | None = None

    @classmethod
    def on(cls, record: Record) -> CorrectionNote | None:
        """That of a record; None where no person has corrected its text."""
        try:
            return cls.model_validate(record.meta[CORRECTED])
        except (KeyError, ValidationError):
            return None


def fault_in_correction(record: Record, written: str, original: str | None) -> str | None:
    """Why a text cannot stand in the place of a translation; None where it can. original: the text it translates."""
    if record.translation_of is None:
        return "expected a corrected text of translations only, got one of a record that translates none"
    if "\x00" in written or any("\ud800" <= sign <= "\udfff" for sign in written):
        return "expected a text of whole characters, got one with NUL or with half a character"
    letters = _letters(written)
    if not letters:
        return "expected the text of the translation, got an empty one; the record keeps its text"
    before, meant = _letters(record.text), _letters(original or record.text)
    if letters < min(LEAST * before, LEAST_OF_ORIGINAL * meant):
        return (
            f"expected the whole translation, got {letters} letters of {before}; the record keeps its text "
            "(reject the record if it is of no use)"
        )
    if letters > MOST * max(before, meant):
        return f"expected a translation of {meant} letters, got {letters}; the record keeps its text"
    return None


def corrected_record(record: Record, revision: Revision, *, by: str, at: datetime) -> Record:
    """The record with the corrected text; it translates what the other did."""
    made = record.meta.get(MADE)
    earlier = CorrectionNote.on(record)
    translator = made.get("author") if isinstance(made, dict) else earlier and earlier.translated_by
    note = CorrectionNote(of=record.id, by=by, at=at, translated_by=str(translator) if translator else None)
    meta = {name: value for name, value in record.meta.items() if name not in OF_THE_TEXT}
    return Record(
        id=record_id(revision.text, language=record.language, source_id=record.translation_of or record.id),
        group=record.group,
        source=record.source,
        language=record.language,
        text=revision.text,
        translation_of=record.translation_of,
        licence=record.licence,
        meta={**meta, **_surrogates(record, revision), CORRECTED: note.model_dump(mode="json")},
    )


def moved_layer(
    layer: Layer, revision: Revision, record: Record, *, original: Record | None = None, source: Layer | None = None
) -> Layer:
    """A layer of the text before on the corrected one: each entity where it stands now, or without a place.

    Attributes, relations, labels, codes and ids stay. source: the layer of the original that it was carried over from:
    an entity whose words were written anew is found by it, where words and place say so. Raises ContradictionError
    where a place does not fit the text.
    """
    placed = list(_placed(layer.entities, revision))
    if original is not None and source is not None:
        placed = _by_source(layer.entities, placed, revision, record, original, source)
    how = _how(layer, placed)
    moved = layer.model_copy(
        update={
            "record_id": record.id,
            "entities": tuple(placed),
            "provenance": {
                **layer.provenance,
                CORRECTED_FROM: {"record": layer.record_id, "digest": layer.digest},
                PROJECTION: how,
            },
        }
    )
    return check_layer(record, moved)


def carried_from(layer: Layer) -> str | None:
    """The digest of the layer of the original that a layer was carried over from."""
    source = layer.provenance.get("carried_from")
    found = source.get("digest") if isinstance(source, dict) else None
    return found if isinstance(found, str) else None


def lost_in(layer: Layer) -> int:
    """How many entities of a layer that was moved have no place."""
    return sum(entity.alignment is Alignment.NONE for entity in layer.entities)


def _placed(entities: Iterable[Entity], revision: Revision) -> Iterable[Entity]:
    taken: dict[str, list[tuple[int, int]]] = {}
    for entity in entities:
        found = revision.aligned(entity.spans, taken=taken.get(entity.category, ())) if entity.spans else None
        if found is None or not found.spans:
            lost = {"fragments": (), "alignment": Alignment.NONE, "alignment_score": 0.0}
            yield entity.model_copy(update=lost)
            continue
        taken.setdefault(entity.category, []).extend(found.spans)
        yield _at(entity, found.spans, revision.text, found.score)


def _by_source(
    before: Sequence[Entity],
    placed: Sequence[Entity],
    revision: Revision,
    record: Record,
    original: Record,
    source: Layer,
) -> list[Entity]:
    """The entities, with those found that stand, by the original's words, in what was written in their place."""
    meant = {entity.id: entity for entity in source.entities if entity.spans}
    spans = [entity.spans for entity in meant.values()]
    lost = [entity.id for entity in before if entity.spans and entity.id in meant]
    lost = [entity.id for entity in placed if not entity.fragments and entity.id in lost]
    if not lost:
        return list(placed)
    sides = Side(original.text, original.language), Side(revision.text, record.language)
    found = dict(zip(meant, project(*sides, spans), strict=True))
    gaps = {entity.id: [revision.written_for(span) for span in entity.spans] for entity in before}
    return [
        _at(entity, place.fragments, revision.text, place.score)
        if entity.id in lost
        and (place := found[entity.id]) is not None
        and entity.category == meant[entity.id].category
        and all(any(low <= start and end <= high for low, high in gaps[entity.id]) for start, end in place.fragments)
        else entity
        for entity in placed
    ]


def _at(entity: Entity, spans: Sequence[tuple[int, int]], text: str, score: float) -> Entity:
    return entity.model_copy(
        update={
            "text": wording(text, spans),
            "fragments": tuple(Fragment(start=start, end=end) for start, end in spans),
            "alignment": Alignment.EXACT,
            "alignment_score": min(1.0, score),
        }
    )


def _how(layer: Layer, placed: Iterable[Entity]) -> dict[str, JsonValue]:
    """How each place was found: as before, or by the words that a person left or wrote there."""
    known = layer.provenance.get(PROJECTION)
    before: Mapping[str, JsonValue] = known if isinstance(known, dict) else {}
    single: dict[str, JsonValue] = {"state": ProjectionState.SINGLE.value, "method": "alignment"}
    single |= {"agreeing": [], "part_of_word": False}
    how: dict[str, JsonValue] = {}
    for entity in placed:
        if entity.fragments:
            how[entity.id] = before.get(entity.id, single | {"score": round(entity.alignment_score, 3)})
        else:
            how[entity.id] = Placement(ProjectionState.LOST).as_json()
    return how


def _surrogates(record: Record, revision: Revision) -> dict[str, JsonValue]:
    """The mark of a record without identifiers: where surrogates stayed; what was written is looked at anew."""
    mark = record.meta.get(MARK)
    if not isinstance(mark, dict) or not is_marked(record):
        return {} if mark is None else {MARK: mark}
    found = [(each, revision.aligned([each.span])) for each in surrogate_identifiers(record)]
    stayed = [
        replace(each, start=place.spans[0][0], end=place.spans[0][1])
        for each, place in found
        if place.spans and place.alignment is Alignment.EXACT
    ]
    return {MARK: SurrogateMark(str(mark.get("mode")), stayed).as_json()}


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))

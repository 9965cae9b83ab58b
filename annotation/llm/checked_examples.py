"""Members of a curated set as examples, each checked against its own text and the scheme before anybody sees it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from curation.record import Alignment, Entity, Layer, Record, wording
from curation.scheme import Scheme
from curation.text.alignment import align


@dataclass(slots=True)
class CheckedExamples:
    """Those that may be shown, and how many may not, by reason."""

    members: list[tuple[Record, Layer]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def checked_examples(members: Iterable[tuple[Record, Layer]], scheme: Scheme) -> CheckedExamples:
    """The members of which every entity stands in the text; wordings become what stands there, word for word.

    One whose layer names what is not found, or a category that the scheme does not have, teaches to invent: it is left
    out whole, since an example without a fact of its text would teach to leave facts out.
    """
    checked = CheckedExamples()
    for record, layer in members:
        if reason := _fault(record, layer, scheme):
            checked.left_out[reason] += 1
        else:
            entities = tuple(_word_for_word(record, entity) for entity in layer.entities)
            checked.members.append((record, layer.model_copy(update={"entities": entities})))
    return checked


def _fault(record: Record, layer: Layer, scheme: Scheme) -> str:
    """Why it cannot be shown, "" when it can."""
    if layer.record_id != record.id:
        return "a layer of another record"
    if not record.text.strip():
        return "no text"
    if any(entity.category not in scheme.by_name for entity in layer.entities):
        return "a category that the scheme does not have"
    if not all(_stands(record, entity) for entity in layer.entities):
        return "an entity that does not stand in its text"
    values = {label.name: label.values for label in scheme.labels}
    if any(value not in values.get(name, ()) for name, value in layer.labels.items()):
        return "a document label that the scheme does not have"
    return ""


def _stands(record: Record, entity: Entity) -> bool:
    """Whether the wording is that of the text at the entity's place, or one that aligns with it."""
    if not entity.spans or entity.end > len(record.text):
        return False
    found = wording(record.text, entity.spans)
    return found == entity.text or align(entity.text, found).alignment is not Alignment.NONE


def _word_for_word(record: Record, entity: Entity) -> Entity:
    found = wording(record.text, entity.spans)
    return entity.model_copy(update={"text": found, "alignment": Alignment.EXACT, "alignment_score": 1.0})

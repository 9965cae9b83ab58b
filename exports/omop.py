"""OMOP's tables NOTE and NOTE_NLP as CSV: texts of pseudonymous persons, and what was found in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from curation.private_files import made_private
from curation.record import Assertion, Entity, Layer, Record
from exports.losses import Capacity
from exports.settings import ExportSettings
from exports.tables import CsvFile
from exports.writer import ExportedSet, ExportFormat

#: The columns of the common data model, version 5.4.
NOTE = (
    "note_id person_id note_date note_datetime note_type_concept_id note_class_concept_id note_title note_text "
    "encoding_concept_id language_concept_id provider_id visit_occurrence_id visit_detail_id note_event_id "
    "note_event_field_concept_id note_source_value"
).split()
NOTE_NLP = (
    "note_nlp_id note_id section_concept_id snippet offset lexical_variant note_nlp_concept_id "
    "note_nlp_source_concept_id nlp_system nlp_date nlp_datetime term_exists term_temporal term_modifiers"
).split()
#: No vocabulary is here to look concepts up in: OMOP's number for "no matching concept".
NO_CONCEPT = 0
#: What the model calls no term of the patient: denied, under a condition, or of somebody else.
NOT_THERE = (Assertion.NEGATED, Assertion.CONDITIONAL, Assertion.FAMILY)
FAMILY_HISTORY = "family_history"
#: Characters of a snippet on either side, so that it stays within the 250 of the model.
AROUND = 60
CAPACITY = Capacity(
    unplaced=True,
    discontinuous=True,
    wordings=True,
    assertions=True,
    attributes=True,
    codes=True,
    scores=True,
    fields=("group",),
)


def write(view: ExportedSet, to: Path, settings: ExportSettings) -> list[Path]:
    """`SPLIT.note.csv` and `SPLIT.note_nlp.csv`; ids are numbers in the order of the set, a group is a person."""
    made_private(to)
    persons: dict[str, int] = {}
    files: list[Path] = []
    note_id = mention_id = 0
    for split in view.curated.splits:
        notes = CsvFile(to / f"{split}.note.csv", NOTE)
        mentions = CsvFile(to / f"{split}.note_nlp.csv", NOTE_NLP)
        for record, layer in view.members(split):
            note_id += 1
            person = persons.setdefault(record.group, len(persons) + 1)
            notes.add(_note(record, note_id, person))
            for entity in layer.entities:
                mention_id += 1
                mentions.add(_mention(record, layer, entity) | {"note_nlp_id": mention_id, "note_id": note_id})
        files += [*notes.close(), *mentions.close()]
    return files


def _note(record: Record, note_id: int, person_id: int) -> dict[str, Any]:
    """The row of a text; its date is not known and left empty."""
    concepts = [name for name in NOTE if name.endswith("_concept_id")]
    return (
        dict.fromkeys(NOTE, None)
        | dict.fromkeys(concepts, NO_CONCEPT)
        | {
            "note_id": note_id,
            "person_id": person_id,
            "note_title": f"report ({record.language})",
            "note_text": record.text,
            "note_source_value": record.id,
        }
    )


def _mention(record: Record, layer: Layer, entity: Entity) -> dict[str, Any]:
    """The row of an entity; `term_exists` is N where the patient does not have it, or only under a condition."""
    denied = entity.assertion in NOT_THERE or entity.category == FAMILY_HISTORY
    modifiers = {
        "category": entity.category,
        "assertion": entity.assertion.value,
        "codes": list(entity.codes),
        "score": entity.score,
        "attributes": entity.attributes,
    }
    return {
        "section_concept_id": NO_CONCEPT,
        "snippet": record.text[max(0, entity.start - AROUND) : entity.end + AROUND] if entity.fragments else "",
        "offset": ";".join(f"{start}-{end}" for start, end in entity.spans),
        "lexical_variant": entity.text,
        "note_nlp_concept_id": NO_CONCEPT,
        "note_nlp_source_concept_id": NO_CONCEPT,
        "nlp_system": layer.author,
        "nlp_date": layer.created.date().isoformat(),
        "nlp_datetime": layer.created.isoformat(timespec="seconds"),
        "term_exists": "N" if denied else "Y",
        "term_temporal": "Past" if entity.assertion is Assertion.HISTORICAL else "",
        "term_modifiers": json.dumps({name: value for name, value in modifiers.items() if value}, ensure_ascii=False),
    }


FORMAT = ExportFormat("OMOP's tables NOTE and NOTE_NLP (CSV), with pseudonymous persons", write, CAPACITY)

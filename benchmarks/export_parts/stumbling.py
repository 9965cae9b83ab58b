"""Texts that formats stumble over, with entities that overlap, stand twice, or hold what a line cannot."""

from __future__ import annotations

import unicodedata

from curation.markup import parse_markup
from curation.record import Entity, Layer, Record, Relation

#: Texts that formats stumble over: emoji, line ends of Windows, decomposed letters, control characters, marks for
#: writing from right to left, a mark of byte order, white space at the borders, entities that are parts of words.
HARD = (
    "👩🏽‍⚕️ Pain [since]{signs_symptoms} 🩺 [3 days]{age}.\r\nNo [fever]{signs_symptoms negated}.\r\n",
    unicodedata.normalize("NFD", "Die [54-jährige]{age} Patientin hat [Übelkeit]{signs_symptoms}."),
    "Form\x0cfeed, [vertical\x0btab]{diagnosis}, bell\x07, [esc\x1bape]{pathology} and\x85 next\u2028line [end]{age}",
    "\u202bكحة\u202c and [\u200fحمى\u200e]{signs_symptoms}, \u2067[cough]{signs_symptoms}\u2069.",
    "\ufeffBegins with a [mark]{diagnosis}.",
    "\n\n  Indented [cough]{signs_symptoms possible}\t[tab]{age}\n\nSection:\r[old Mac]{diagnosis}  \n",
    "[Penicillin]{pharmacological_therapy}allergie, [Thorax]{signs_symptoms}schmerz",
    '# -DOCSTART- "quoted, [a;b]{diagnosis}" <tag> & [50% off]{laboratory_values}',
)


def stumbling() -> list[tuple[Record, Layer]]:
    """The records with their layers."""
    made = []
    for number, marked in enumerate(HARD):
        text, entities = parse_markup(marked)
        id = f"hard-{number}"
        record = Record(id=id, group=f"g{number}", source="hard", language="en", text=text, meta={"ward": "Süd"})
        made.append((record, Layer(record_id=id, name="gold", author="gold", entities=entities)))
    record, layer = made[0]
    whole = Entity.at(record.text, 4, 20, "diagnosis", id="whole", attributes={"a b": "x", "note": "two\nlines"})
    twice = layer.entities[0].model_copy(update={"id": "again", "score": 0.5, "codes": ("ICD-10:R52", "a code")})
    link = Relation(id="R9", type="related_to", head="whole", tail="again")
    entities = (*layer.entities, whole, twice)
    return [(record, layer.model_copy(update={"entities": entities, "relations": (link,)})), *made[1:]]

"""Structure: what can be said of a text and a layer without understanding either."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from curation.record import Alignment, Entity, Layer, Record, wording
from curation.scheme import Scheme
from curation.text.folding import fold
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject

LINE_MARKS = frozenset("\t\n\r")
#: Invisible characters that people write on purpose: soft hyphen, joiners in emoji and scripts.
LEGITIMATE = frozenset("\u00ad\u200c\u200d")


def measure_texts(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """Lengths and characters of each text."""
    return [_text(subject.record) for subject in subjects]


def measure_layers(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """Whether each layer fits its text and the scheme."""
    return [_layer(subject.record, subject.layer, scope.scheme) for subject in subjects if subject.layer]


def _text(record: Record) -> Columns:
    kinds = Counter(map(unicodedata.category, odd := _odd(record.text)))
    return {
        "language": record.language,
        "characters": len(record.text.strip()),
        "words": len(record.text.split()),
        "control_characters": kinds["Cc"] + kinds["Cs"] + odd.count("\ufffd"),
        "hidden_characters": kinds["Cf"],
    }


def _odd(text: str) -> str:
    """The characters that are neither printable, nor blanks, nor there on purpose."""
    if text.isascii() and text.isprintable():
        return ""
    known = LINE_MARKS | LEGITIMATE
    return "".join(one for one in text if (not one.isprintable() and one not in known) or one == "\ufffd")


def _layer(record: Record, layer: Layer, scheme: Scheme) -> Columns:
    types = {relation.name for relation in scheme.relations}
    inexact = [entity.id for entity in layer.entities if not stands(entity, record.text)]
    unknown = sorted({entity.category for entity in layer.entities} - set(scheme.names))
    said = Counter((entity.category, entity.spans) for entity in layer.entities if entity.spans)
    return {
        "layer": layer.name,
        "author": layer.author,
        "entities": len(layer.entities),
        "unknown_categories": sum(entity.category in unknown for entity in layer.entities),
        "category_names_unknown": list(unknown),
        "unknown_relations": sum(relation.type not in types for relation in layer.relations),
        "inexact_offsets": len(inexact),
        "inexact_entities": list(inexact),
        "repeated_entities": sum(count - 1 for count in said.values()),
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


TEXT = MeasureSpec(
    name="text",
    version=1,
    measure=measure_texts,
    words=frozenset({"language"}),
    columns={
        "language": "language that the record names",
        "characters": "characters, without white space around the text",
        "words": "words, parted by white space",
        "control_characters": "control characters, lone surrogates and replacement characters",
        "hidden_characters": "invisible marks: text direction, zero width, byte order",
    },
)

LAYER = MeasureSpec(
    name="layer",
    version=1,
    measure=measure_layers,
    needs_layer=True,
    words=frozenset({"layer", "author"}),
    lists=frozenset({"category_names_unknown", "inexact_entities"}),
    columns={
        "layer": "layer that was checked",
        "author": "author of that layer",
        "entities": "entities",
        "unknown_categories": "entities in categories that the scheme does not have",
        "category_names_unknown": "those categories",
        "unknown_relations": "relations of types that the scheme does not have",
        "inexact_offsets": "entities whose offsets leave the text or give other wording",
        "inexact_entities": "their ids",
        "repeated_entities": "entities said twice: same category, same place",
    },
)

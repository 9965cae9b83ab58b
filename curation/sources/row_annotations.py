"""The annotations inside a row: lists of offsets, nested events, facts by category, marks in the text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from curation.sources.draft import Draft, DraftEntity
from curation.sources.mapping import EntitySource, ImportMapping
from curation.sources.mention_fields import left_fields, not_read, of_pairs, read_mention
from curation.sources.paths import MISSING, Node, dig, pick, walk
from curation.sources.place_fields import SHORT, listing_field, place, says_place
from curation.sources.reading import SourceTally, shown
from curation.sources.row_facts import add_facts, note_shape
from curation.sources.row_links import USUAL_LINKS, Origins, add_links, add_pairs
from curation.sources.row_marks import take_marks
from curation.sources.row_shapes import (
    PARTS,
    USUAL,
    annotation_columns,
    decoded,
    holds_annotations,
    looks_like_annotations,
    shaped,
    strings_of_annotations,
)


def add_annotations(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping, tally: SourceTally) -> None:
    """Puts a row's annotations and relations on its draft, as the mapping says where they are.

    Without a mapping for them, the usual columns are tried in the shapes that are known; what is not understood,
    and what looks like annotations elsewhere, goes into the tally.
    """
    if mapping.marks:
        take_marks(draft, values, mapping)
    origins: Origins = defaultdict(list)
    for source in mapping.entities or ():
        if dig(values, source.path.split(".")[0]) is not MISSING:
            draft.annotated = True
        _add_entities(draft, walk(values, source.path), source, origins)
    if mapping.entities is None and not mapping.facts and not mapping.marks:
        _add_usual(draft, values, mapping, tally)
    for links in mapping.links:
        add_links(draft, values, links)
    for pair in mapping.pairs:
        add_pairs(draft, pair, origins)
    if mapping.facts:
        add_facts(draft, values, mapping.facts)
        note_shape(draft, values, mapping, mapping.facts)


def _add_usual(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping, tally: SourceTally) -> None:
    """The annotations of the first usual column that holds some, or of the row itself."""
    elsewhere = {name.split(".")[0] for column in mapping.labels.values() for name in column.columns}
    given = {name: values[name] for name in annotation_columns(values) if name not in elsewhere}
    read: str | None = None
    for name in sorted(given, key=lambda name: not decoded(given[name])):  # those that hold something first
        content = decoded(given[name])
        if name.lower() in {"labels", "label"} and (labels := _document_labels(content)):
            draft.labels |= {key: label for key, label in labels.items() if key not in mapping.labels}
            draft.annotated = True
        elif read is None and (items := shaped(content, draft.text)) is not None:
            read, draft.annotated = name, True
            nodes = (Node(item, (name, number), (values, items)) for number, item in enumerate(items))
            tally.unread_fields(draft.where, _add_entities(draft, nodes, USUAL, defaultdict(list)))
        elif content and not (read is not None and content == decoded(given[read])):
            tally.problem(draft.where, not_understood(name))
    if read is None and _is_mention(values, draft.text):
        draft.annotated = draft.partial = True
        _add_entities(draft, [Node(own_fields(values))], USUAL, defaultdict(list))
    elif read is None and _lacks_a_type(values):
        tally.problem(draft.where, "rows with offsets and no type: their annotations were not read")
    for name in strings_of_annotations(values):
        if name not in elsewhere:
            tally.problem(draft.where, not_understood(name))
    for name, content in values.items():
        looks = holds_annotations if name in PARTS else looks_like_annotations
        if name not in {*given, *elsewhere} and looks(content):
            tally.problem(draft.where, not_understood(name))
    if not mapping.links and (relations := decoded(values.get("relations"))):
        if isinstance(relations, list) and all(isinstance(relation, dict) for relation in relations):
            add_links(draft, {"relations": relations}, USUAL_LINKS)
        else:
            tally.problem(draft.where, not_understood("relations"))


def not_understood(column: str) -> str:
    """The line about a column whose annotations were not read."""
    return (
        f"the column {shown(column)} holds something that was not understood: none of its annotations were read; "
        "say where they are in a --mapping (entities, or labels for labels of the whole text)"
    )


def _document_labels(content: Any) -> dict[str, str]:
    """Labels of the whole text: an object of names and values, or a list of such pairs."""
    content = of_pairs(content)
    if isinstance(content, dict) and all(isinstance(value, str) for value in content.values()):
        return {str(name): value for name, value in content.items()}
    return {}


#: The fields of a row that is itself one annotation, besides its place.
ROW_TYPES = tuple(name for name in USUAL.category if isinstance(name, str) and name != "labels")
ROW_WORDINGS = (
    "wording",
    "surface",
    "mention",
    "extraction_text",
    "span_text",
    "entity_text",
    "covered_text",
    "entity",
)


def _is_mention(values: Mapping[str, Any], text: str) -> bool:
    """Whether a row holds one annotation of its text: a type, and offsets or a wording of its own."""
    if not any(map(_is_type, map(values.get, ROW_TYPES))):
        return False
    wording = next((values[name] for name in ROW_WORDINGS if isinstance(values.get(name), str)), "")
    spans = place(_own_place(values), [wording] if wording else ()).spans
    if spans is not None:
        return all(start >= 0 for start, _ in spans) and spans != ((0, len(text)),)
    return bool(wording and wording in text)


def _is_type(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _lacks_a_type(values: Mapping[str, Any]) -> bool:
    """Whether a row has offsets of its own beside columns of a type that hold none."""
    types = [values[name] for name in ROW_TYPES if name in values]
    spans = place(_own_place(values), ()).spans
    return bool(types) and not any(map(_is_type, types)) and bool(spans) and all(start >= 0 for start, _ in spans or ())


def _own_place(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row that say a place by their names."""
    return {name: value for name, value in values.items() if isinstance(name, str) and says_place(name)}


def own_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row that is itself one annotation: its type, its wording, its place."""
    return _own_place(values) | {name: values[name] for name in (*ROW_TYPES, *ROW_WORDINGS) if name in values}


def _add_entities(draft: Draft, nodes: Iterable[Node], source: EntitySource, origins: Origins) -> list[str]:
    """Puts the annotations on the draft; returns the names of fields that were not read, for each."""
    left: list[str] = []
    taken = {entity.id: entity for entity in draft.entities}
    unread: list[tuple[DraftEntity, Any, tuple[str, ...]]] = []
    for node in nodes:
        for single in _each(node, source) if source.many else (node,):
            entity, names = read_mention(single, source, f"T{len(taken) + 1}", draft.text)
            unread.append((entity, single.value, names))
            if source is USUAL and isinstance(single.value, dict):
                left += left_fields(single.value)
            first = taken.get(entity.id)
            if first is not None and source.many and (first.type, first.spans) != (entity.type, entity.spans):
                entity.id = _free_id(entity.id, taken)
                first = None
            if first is None or not source.many:
                draft.entities.append(entity)
                taken.setdefault(entity.id, entity)
            origins[source.path].append((node.path, entity.id))
    _refuse_alike(unread)
    return left


def _refuse_alike(unread: Sequence[tuple[DraftEntity, Any, tuple[str, ...]]]) -> None:
    """Refuses annotations with fields that look like a place in most of the annotations that have them: in a short
    wording nothing shows that they are one.
    """
    places = Counter(names for _, _, names in unread if names)
    for names, count in places.items():
        alike = [
            (entity, found)
            for entity, fields, found in unread
            if isinstance(fields, dict) and all(fields.get(name) is not None for name in names)
        ]
        telling = sum(len(entity.wording or "") > SHORT for entity, _ in alike)
        for entity, found in alike:
            if not found and entity.spans is None and not entity.refused and 2 * count > telling:
                entity.refused = not_read(names)


def _free_id(id_: str, taken: Mapping[str, DraftEntity]) -> str:
    """The id with a number, for another annotation that the source calls by the same one."""
    number = 2
    while f"{id_}.{number}" in taken:
        number += 1
    return f"{id_}.{number}"


def _each(node: Node, source: EntitySource) -> Iterator[Node]:
    """One node for each annotation of those whose fields are parallel lists; the node itself where they are not."""
    fields = node.value
    if not isinstance(fields, dict):
        yield node
        return
    starts = pick(node, source.start) if source.start else fields.get(listing_field(fields) or "")
    if not isinstance(starts, list):
        if any(fields.values()):
            yield node
        return
    for name in (*source.category, *source.text, *source.end):
        value = fields.get(name) if isinstance(name, str) else None
        if isinstance(value, list) and len(value) != len(starts):
            yield Node({"lists of unequal lengths": True}, node.path, node.ancestors)
            return
    for index in range(len(starts)):
        single = {
            key: (value[index] if index < len(value) else None) if isinstance(value, list) else value
            for key, value in fields.items()
        }
        yield Node(single, (*node.path, index), node.ancestors)

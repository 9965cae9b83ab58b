"""The annotations inside a row: lists of offsets, nested events, facts by category, marks in the text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from curation.record import Assertion
from curation.scoring.flat_shape import KEPT_AS, ValueForm, form
from curation.sources.draft import Draft, DraftEntity, DraftRelation, Span
from curation.sources.mapping import EntitySource, FactSource, ImportMapping, LinkSource, PairSource
from curation.sources.paths import MISSING, OUTER, Node, dig, pick, walk
from curation.sources.place_fields import SHORT, Place, is_place, listing_field, number, place, says_place
from curation.sources.reading import SourceTally, shown
from curation.sources.row_shapes import (
    PARTS,
    USUAL,
    annotation_columns,
    decoded,
    fields_of,
    holds_annotations,
    looks_like_annotations,
    shaped,
    split_facts,
    strings_of_annotations,
)
from curation.text.assertion_words import NEGATION_FIELDS, assertion_of_word

USUAL_LINKS = LinkSource(path="relations.*")
#: Other fields that give an assertion in a word; and what the words of a field that says "negated" mean.
ASSERTIONS = ("assertion_status", "polarity", "presence")
TRUTHS = dict.fromkeys(("true", "1", "yes", "negated"), Assertion.NEGATED) | dict.fromkeys(
    ("false", "0", "no", "affirmed", ""), Assertion.PRESENT
)
UNKNOWN_ASSERTION = (
    f"expected an assertion such as {', '.join(Assertion)}, got another; say what it means in a --mapping "
    "(attributes, assertions)"
)
Origins = dict[str, list[tuple[tuple[str | int, ...], str]]]


def add_annotations(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping, tally: SourceTally) -> None:
    """Puts a row's annotations and relations on its draft, as the mapping says where they are.

    Without a mapping for them, the usual columns are tried in the shapes that are known; what is not understood,
    and what looks like annotations elsewhere, goes into the tally.
    """
    if mapping.marks:
        _take_marks(draft, values, mapping)
    origins: Origins = defaultdict(list)
    for source in mapping.entities or ():
        if dig(values, source.path.split(".")[0]) is not MISSING:
            draft.annotated = True
        _add_entities(draft, walk(values, source.path), source, origins)
    if mapping.entities is None and not mapping.facts and not mapping.marks:
        _add_usual(draft, values, mapping, tally)
    for links in mapping.links:
        _add_links(draft, values, links)
    for pair in mapping.pairs:
        _add_pairs(draft, pair, origins)
    if mapping.facts:
        _add_facts(draft, values, mapping.facts)
        _note_shape(draft, values, mapping, mapping.facts)


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
            _add_links(draft, {"relations": relations}, USUAL_LINKS)
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
    content = _of_pairs(content)
    if isinstance(content, dict) and all(isinstance(value, str) for value in content.values()):
        return {str(name): value for name, value in content.items()}
    return {}


#: Fields of an annotation besides those of its mapping that are read, and those that only its tool needs.
USUAL_FIELDS = tuple(str(name) for name in (*USUAL.annotator, *USUAL.assertion, *NEGATION_FIELDS, *ASSERTIONS))
TOOLS_OWN = ("token_start", "token_end", "extraction_index", "group_index", "index_in_batch", "alignment_status",
             "color", "input_hash", "task_hash", "index")  # fmt: skip
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
            entity, names = _mention(single, source, f"T{len(taken) + 1}", draft.text)
            unread.append((entity, single.value, names))
            if source is USUAL and isinstance(single.value, dict):
                left += _left_fields(single.value)
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


def _left_fields(fields: Mapping[Any, Any]) -> Iterator[str]:
    """The names of the fields that hold something and have no use."""
    for name in _of_no_use(tuple(fields)):
        if fields[name] not in (None, False, "", [], {}):
            yield name


@lru_cache(maxsize=1024)
def _of_no_use(keys: tuple[Any, ...]) -> tuple[str, ...]:
    """The fields of these names that are not read, nor say a place, nor are a tool's own numbers."""
    known = {name.replace("_", "").lower() for name in (*USUAL.of_no_place, "span", *USUAL_FIELDS, *TOOLS_OWN)}
    names = [key for key in keys if isinstance(key, str)]
    return tuple(name for name in names if name.replace("_", "").lower() not in known and not is_place(name))


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
                entity.refused = _unread(names)


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


def _mention(node: Node, source: EntitySource, id_: str, whole: str) -> tuple[DraftEntity, tuple[str, ...]]:
    """The annotation in a node, and its fields that look like a place and were not understood; one that cannot be
    read brings the reason why.
    """
    names = _names(node, source)
    type_ = source.type or _type(node, names.category)
    if isinstance(node.value, list | tuple) and not source.start:
        node = Node(fields_of(node.value, whole), node.path, node.ancestors)
        names = _names(node, source)
        type_ = type_ or _type(node, names.category)
    if fault := _fault(node):
        return DraftEntity(id_, type_ or "?", refused=fault), ()
    if not type_ and isinstance(name := pick(node, ("entity",)), str) and source.category == USUAL.category:
        type_ = name
    texts = _wordings(node, names.text, type_)
    found = _place(node, source, texts)
    score = pick(node, names.score)
    assertion = _assertion(node, names)
    entity = DraftEntity(
        id=_word(pick(node, names.id)) or id_,
        type=type_,
        spans=found.spans,
        wording=_wording(texts, found.spans),
        attributes=_attributes(node, names.attributes),
        codes=_codes(node, names.codes),
        assertion=assertion or Assertion.PRESENT,
        score=float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None,
        annotator=_word(pick(node, names.annotator)),
        refused=_unread(found.unread) or ("" if assertion else UNKNOWN_ASSERTION),
    )
    return entity, tuple(found.unread)


def _assertion(node: Node, names: _FieldNames) -> Assertion | None:
    """What the source says of an annotation, in any of the words of the field; None where it is not understood."""
    if (stated := pick(node, names.assertion)) is not MISSING:
        return _of_words(stated) if isinstance(stated, dict) else assertion_of_word(stated or "present")[0]
    for name in names.other_assertions:
        if (stated := pick(node, (name,))) is not MISSING:
            return assertion_of_word(stated)[0] if name in ASSERTIONS else TRUTHS.get(str(stated).lower())
    return Assertion.PRESENT


def _of_words(stated: Mapping[str, Any]) -> Assertion | None:
    """The one assertion but "present" that an object gives (as Azure's does); None where there are several."""
    words = [
        Assertion.FAMILY if word == "other" else assertion_of_word(word)[0]
        for word in stated.values()
        if word != "subject"
    ]
    found = set(words) - {Assertion.PRESENT}
    return found.pop() if len(found) == 1 else None if found else Assertion.PRESENT


def _fault(node: Node) -> str:
    """Why there is no annotation in what should be one."""
    if not isinstance(node.value, dict | list | tuple):
        return f"expected an annotation with fields, got {type(node.value).__name__}"
    if "lists of unequal lengths" in node.value:
        return "expected lists of one length in its fields, got lists of several lengths"
    return ""


def _unread(names: Sequence[str]) -> str:
    if not names:
        return ""
    fields = ", ".join(shown(name) for name in names)
    return (
        f"expected fields that say where it stands, got {fields}, which look like a place and were not understood; "
        "name them in a --mapping (start, end)"
    )


def _type(node: Node, names: tuple[str | int, ...]) -> str:
    """The type in the first field that has one; alone, or as the only one of a list of ``labels``."""
    for name in names:
        value = pick(node, (name,))
        if name == "labels" and isinstance(value, list) and len(value) == 1:
            value = value[0]
        if word := _word(value):
            return word
    return ""


@dataclass(frozen=True, slots=True)
class _FieldNames:
    """The fields that hold something of an annotation, of those that its source may have."""

    category: tuple[Any, ...]
    id: tuple[Any, ...]
    text: tuple[Any, ...]
    score: tuple[Any, ...]
    attributes: tuple[Any, ...]
    codes: tuple[Any, ...]
    assertion: tuple[Any, ...]
    other_assertions: tuple[Any, ...]
    annotator: tuple[Any, ...]


def _names(node: Node, source: EntitySource) -> _FieldNames:
    """The fields to look at, in order: looking for each that may be there takes most of the time."""
    return _names_among(source, tuple(node.value) if isinstance(node.value, dict) else None)


@lru_cache(maxsize=1024)
def _names_among(source: EntitySource, keys: tuple[Any, ...] | None) -> _FieldNames:
    """Without keys the annotation is a list. Without a mapping also the fields that are written otherwise
    (``entityType``).
    """
    usual = source is USUAL

    def present(names: tuple[Any, ...], alike: bool = False) -> tuple[Any, ...]:
        if keys is None:
            return _in_lists(names) if alike else names
        if alike and usual:
            return _alike(keys, names)
        return tuple(name for name in names if name in keys or (isinstance(name, str) and "." in name))

    return _FieldNames(
        category=present(source.category, alike=True),
        id=present(source.id),
        text=present(source.text, alike=True),
        score=present(source.score),
        attributes=present(source.attributes),
        codes=present(source.codes),
        assertion=present(source.assertion),
        other_assertions=present((*ASSERTIONS, *NEGATION_FIELDS)) if usual and keys is not None else (),
        annotator=present(source.annotator),
    )


def _in_lists(names: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Those that can be found in a list or around it."""
    return tuple(name for name in names if isinstance(name, int) or name[:1].isdecimal() or name.startswith(OUTER))


def _alike(keys: tuple[Any, ...], names: tuple[str | int, ...]) -> tuple[str | int, ...]:
    plain = {str(key).replace("_", "").lower(): key for key in reversed(keys)}
    found = (name if name in keys else plain.get(str(name).replace("_", "").lower()) for name in names)
    return tuple(dict.fromkeys(name for name in found if name is not None))


def _word(value: Any) -> str:
    """A name or number as a word; nothing for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _wordings(node: Node, names: tuple[str | int, ...], type_: str) -> list[str]:
    """What the source says stands there: one, or one for each fragment."""
    for name in names:
        value = pick(node, (name,))
        if name == "entity" and value == type_:
            continue
        words = value if isinstance(value, list) else [value]
        kinds = str if name == "span" else str | int | float
        if words and all(isinstance(word, kinds) and not isinstance(word, bool) for word in words):
            return [str(word) for word in words]
    return []


def _place(node: Node, source: EntitySource, wordings: Sequence[str]) -> Place:
    """Where it stands: by the fields that the mapping names; else by any that say a place."""
    if source.start and (start := pick(node, source.start)) is not MISSING:
        return _mapped_place(start, pick(node, source.end), wordings, source)
    fields = node.value if isinstance(node.value, dict) else {}
    found = place(fields, wordings, other=source.of_no_place)
    if source.start and found.spans is not None:
        return Place(None, tuple(name for name in fields if name not in source.of_no_place))
    return found


def _mapped_place(start: Any, end: Any, wordings: Sequence[str], source: EntitySource) -> Place:
    """The offsets; with lists, one fragment each; without an end, as long as the wording."""
    starts = start if isinstance(start, list) else [start]
    ends: list[Any] = [number(first) + len(words) for first, words in zip(starts, wordings, strict=False)]
    if end is not MISSING:
        ends = end if isinstance(end, list) else [end]
    if len(starts) != len(ends):
        return Place(None, tuple(str(name) for name in (*source.start, *source.end)))
    return Place(tuple((number(first), number(last)) for first, last in zip(starts, ends, strict=True)))


def _wording(words: Sequence[str], spans: tuple[Span, ...] | None) -> str | None:
    """The whole wording; nothing can be compared where it has not as many parts as there are fragments."""
    if len(words) == 1 or (words and (spans is None or len(words) == len(spans))):
        return " ".join(words)
    return None


def _attributes(node: Node, names: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = _of_pairs(pick(node, (name,)))
        if isinstance(value, dict):
            found |= {str(key): str(inner) for key, inner in value.items() if inner is not None}
        elif value is not MISSING and not isinstance(value, list):
            found[name.rpartition(".")[2]] = str(value)
    return found


def _of_pairs(value: Any) -> Any:
    """A list of names with values as one object; anything else as it is."""
    if isinstance(value, list) and all(isinstance(pair, dict) and pair.keys() == {"name", "value"} for pair in value):
        return {str(pair["name"]): pair["value"] for pair in value}
    return value


def _codes(node: Node, names: tuple[str, ...]) -> tuple[str, ...]:
    found = (pick(node, (name,)) for name in names)
    return tuple(
        str(code)
        for value in found
        if value is not MISSING
        for code in (value if isinstance(value, list) else [value])
        if code not in (None, "")
    )


def _add_links(draft: Draft, values: Mapping[str, Any], source: LinkSource) -> None:
    naming: dict[str, list[str]] = defaultdict(list)
    for entity in draft.entities:
        for name in source.head_attributes:
            for id_ in entity.attributes.get(name, "").split():
                naming[id_].append(entity.id)
    for count, node in enumerate(walk(values, source.path), start=1):
        id_ = _word(pick(node, source.id)) or f"R{count}"
        head = _end(draft, node, source.head, "head_span")
        heads = naming.get(id_, []) if source.head_attributes else [head]
        for index, head in enumerate(heads):
            name = id_ if not index else f"{id_}.{index + 1}"
            tail = _end(draft, node, source.tail, "child_span")
            draft.relations.append(DraftRelation(name, _word(pick(node, source.type)), head, tail))


def _end(draft: Draft, node: Node, names: Sequence[str | int], span: str) -> str:
    """The id of an entity at an end of a relation: as named, or by its offsets (Prodigy names tokens beside them)."""
    offsets = pick(node, (span,))
    if isinstance(offsets, dict):
        spans = place(offsets, ()).spans
        return next((entity.id for entity in draft.entities if spans and entity.spans == spans), "")
    return _word(pick(node, names))


def _add_pairs(draft: Draft, pair: PairSource, origins: Origins) -> None:
    """Links every annotation at one path with each at the other that lies in the same surroundings."""
    depth = _common(pair.head.split("."), pair.tail.split("."))
    heads: dict[tuple[str | int, ...], list[str]] = defaultdict(list)
    for path, id_ in origins.get(pair.head, ()):
        heads[path[:depth]].append(id_)
    seen = {(relation.type, relation.head, relation.tail) for relation in draft.relations}
    for path, tail in origins.get(pair.tail, ()):
        for head in heads.get(path[:depth], ()):
            if head != tail and (pair.type, head, tail) not in seen:
                seen.add((pair.type, head, tail))
                draft.relations.append(DraftRelation(f"R{len(draft.relations) + 1}", pair.type, head, tail))


def _common(left: list[str], right: list[str]) -> int:
    depth = 0
    while depth < min(len(left), len(right)) and left[depth] == right[depth]:
        depth += 1
    return depth


def _add_facts(draft: Draft, values: Mapping[str, Any], source: FactSource) -> None:
    """Each fact of each category, to be found in the text by its wording."""
    facts = dig(values, source.path)
    if not isinstance(facts, dict):
        return
    draft.annotated = True
    for category, value in facts.items():
        for part in value if isinstance(value, list) else [value]:
            for fact in split_facts(part, source):
                draft.entities.append(DraftEntity(f"T{len(draft.entities) + 1}", str(category), wording=fact))


def _note_shape(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping, source: FactSource) -> None:
    """Keeps of what form each category's facts were, so that validation can hold it against the scheme."""
    given = dig(values, source.path)
    found: dict[str, str] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        name = _category_of(str(key), mapping)
        if name is not None:
            found[name] = (ValueForm.TWICE if name in found else form(value)).value
    if found:
        draft.notes[KEPT_AS] = found


def _category_of(key: str, mapping: ImportMapping) -> str | None:
    """The category that a mapping gives to what stands under a key; None where it leaves that out."""
    for rule in mapping.categories:
        if key in rule.types:
            return rule.category
    return mapping.rename.get(key, key)


def _take_marks(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping) -> None:
    """Takes the marks out of the text and leaves annotations where they were."""
    by_open = {mark.open: mark for mark in mapping.marks}
    pattern = "|".join(f"({re.escape(mark.open)})(.*?){re.escape(mark.close)}" for mark in mapping.marks)
    plain: list[str] = []
    length = after = 0
    for match in re.finditer(pattern, draft.text, re.DOTALL):
        opened, inner = (group for group in match.groups() if group is not None)
        before = draft.text[after : match.start()]
        start = length + len(before)
        plain += (before, inner)
        length = start + len(inner)
        after = match.end()
        mark = by_open[opened]
        draft.entities.append(DraftEntity(f"T{len(draft.entities) + 1}", mark.type, spans=((start, length),)))
    draft.text = "".join((*plain, draft.text[after:]))
    draft.annotated = True
    _relate_marks(draft, values, mapping)


def _relate_marks(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping) -> None:
    if mapping.mark_relation is None:
        return
    type_ = dig(values, mapping.mark_relation.type)
    ends = {entity.type: entity.id for entity in draft.entities}
    head, tail = ends.get(mapping.mark_relation.head), ends.get(mapping.mark_relation.tail)
    if isinstance(type_, str) and head and tail:
        draft.relations.append(DraftRelation("R1", type_, head, tail))

"""The annotations inside a row: lists of offsets, nested events, facts by category, marks in the text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from curation.scoring.flat_shape import KEPT_AS, ValueForm, form
from curation.sources.draft import Draft, DraftEntity, DraftRelation, Span
from curation.sources.mapping import EntitySource, FactSource, ImportMapping, LinkSource, PairSource
from curation.sources.paths import MISSING, Node, dig, pick, walk

#: Columns that usually hold annotations, when the mapping names none.
USUAL_COLUMNS = ("entities", "spans", "annotations", "labels", "label")
#: No text is longer; larger offsets are no whole numbers any more once they were floating ones.
LARGEST = 2**53
Origins = dict[str, list[tuple[tuple[str | int, ...], str]]]


def add_annotations(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping) -> None:
    """Puts a row's annotations and relations on its draft, as the mapping says where they are."""
    if mapping.marks:
        _take_marks(draft, values, mapping)
    origins: Origins = defaultdict(list)
    for source in _sources(values, mapping):
        if dig(values, source.path.split(".")[0]) is not MISSING:
            draft.annotated = True
        _add_entities(draft, values, source, origins)
    for links in mapping.links:
        _add_links(draft, values, links)
    for pair in mapping.pairs:
        _add_pairs(draft, pair, origins)
    if mapping.facts:
        _add_facts(draft, values, mapping.facts)
        _note_shape(draft, values, mapping, mapping.facts)


def _sources(values: Mapping[str, Any], mapping: ImportMapping) -> tuple[EntitySource, ...]:
    if mapping.entities is not None:
        return mapping.entities
    if mapping.facts or mapping.marks:
        return ()
    for name in USUAL_COLUMNS:
        if isinstance(found := values.get(name), list) and (not found or isinstance(found[0], dict | list | tuple)):
            return (EntitySource(path=f"{name}.*"),)
    return ()


def _add_entities(draft: Draft, values: Mapping[str, Any], source: EntitySource, origins: Origins) -> None:
    taken = {entity.id: entity for entity in draft.entities}
    for node in walk(values, source.path):
        for single in _each(node, source) if source.many else (node,):
            entity = _mention(single, source, f"T{len(taken) + 1}")
            first = taken.get(entity.id)
            if first is not None and source.many and (first.type, first.spans) != (entity.type, entity.spans):
                entity.id = _free_id(entity.id, taken)
                first = None
            if first is None or not source.many:
                draft.entities.append(entity)
                taken.setdefault(entity.id, entity)
            origins[source.path].append((node.path, entity.id))


def _free_id(id_: str, taken: Mapping[str, DraftEntity]) -> str:
    """The id with a number, for another annotation that the source calls by the same one."""
    number = 2
    while f"{id_}.{number}" in taken:
        number += 1
    return f"{id_}.{number}"


def _each(node: Node, source: EntitySource) -> Iterator[Node]:
    """One node for each annotation of those whose fields are parallel lists."""
    starts = pick(node, source.start)
    if not isinstance(starts, list):
        return
    for index in range(len(starts)):
        single = {
            key: value[index]
            if isinstance(value, list) and index < len(value)
            else None
            if isinstance(value, list)
            else value
            for key, value in node.value.items()
        }
        yield Node(single, (*node.path, index), node.ancestors)


def _mention(node: Node, source: EntitySource, id_: str) -> DraftEntity:
    text = pick(node, source.text)
    attributes, codes = _attributes(node, source.attributes), _codes(node, source.codes)
    score = pick(node, source.score)
    return DraftEntity(
        id=_word(pick(node, source.id)) or id_,
        type=source.type or _word(pick(node, source.category)),
        spans=_spans(node, source, text),
        wording=_wording(text),
        attributes=attributes,
        codes=codes,
        score=float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None,
    )


def _word(value: Any) -> str:
    """A name or number as a word; nothing for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _spans(node: Node, source: EntitySource, text: Any) -> tuple[Span, ...] | None:
    """The offsets; with lists, one fragment each; without an end, as long as the wording. None without a start."""
    start, end = pick(node, source.start), pick(node, source.end)
    if start is MISSING:
        return None
    starts = start if isinstance(start, list) else [start]
    if end is MISSING:
        words = text if isinstance(text, list) else [text]
        ends = [_number(start) + len(str(word)) for start, word in zip(starts, words, strict=False)]
    else:
        ends = end if isinstance(end, list) else [end]
    return tuple((_number(start), _number(end)) for start, end in zip(starts, ends, strict=False))


def _number(value: Any) -> int:
    """An offset; one that is none becomes -1, which the checks refuse."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LARGEST and value == int(value):
        return int(value)
    return -1


def _wording(text: Any) -> str | None:
    """The wording of a entity whose fragments were given in any order: nothing can be compared with several."""
    if isinstance(text, list):
        return str(text[0]) if len(text) == 1 else None
    return None if text is MISSING else str(text)


def _attributes(node: Node, names: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = pick(node, (name,))
        if isinstance(value, dict):
            found |= {str(key): str(inner) for key, inner in value.items() if inner is not None}
        elif value is not MISSING and not isinstance(value, list):
            found[name.rpartition(".")[2]] = str(value)
    return found


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
    for number, node in enumerate(walk(values, source.path), start=1):
        picked = pick(node, source.id)
        id_ = f"R{number}" if picked is MISSING else str(picked)
        heads = naming.get(id_, []) if source.head_attributes else [str(pick(node, source.head))]
        for index, head in enumerate(heads):
            type_, tail = pick(node, source.type), pick(node, source.tail)
            name = id_ if not index else f"{id_}.{index + 1}"
            draft.relations.append(DraftRelation(name, "" if type_ is MISSING else str(type_), head, str(tail)))


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
        parts = value if isinstance(value, list) else [value]
        for part in parts:
            for fact in str(part if part is not None else "").split(source.separator):
                if (wording := fact.strip()).lower().strip(".") not in source.absent:
                    draft.entities.append(DraftEntity(f"T{len(draft.entities) + 1}", str(category), wording=wording))


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

"""The annotations inside a row: lists of offsets, nested events, facts by category, marks in the text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from curation.scoring.flat_shape import KEPT_AS, Form, form
from curation.sources.draft import Draft, Link, Mention, Span
from curation.sources.mapping import EntitySource, FactSource, ImportMapping, LinkSource, PairSource
from curation.sources.paths import MISSING, Place, dig, pick, walk

#: Where annotations usually stand, when the mapping does not say it.
USUAL_PLACES = ("entities", "spans", "annotations", "labels", "label")
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
    for name in USUAL_PLACES:
        if isinstance(found := values.get(name), list) and (not found or isinstance(found[0], dict | list | tuple)):
            return (EntitySource(path=f"{name}.*"),)
    return ()


def _add_entities(draft: Draft, values: Mapping[str, Any], source: EntitySource, origins: Origins) -> None:
    taken = {mention.id: mention for mention in draft.mentions}
    for place in walk(values, source.path):
        for single in _each(place, source) if source.many else (place,):
            mention = _mention(single, source, f"T{len(taken) + 1}")
            known = taken.get(mention.id)
            if known is not None and source.many and (known.type, known.spans) != (mention.type, mention.spans):
                mention.id = _free_id(mention.id, taken)
                known = None
            if known is None or not source.many:
                draft.mentions.append(mention)
                taken.setdefault(mention.id, mention)
            origins[source.path].append((place.trail, mention.id))


def _free_id(id_: str, taken: Mapping[str, Mention]) -> str:
    """The id with a number, for another annotation that the source calls by the same one."""
    number = 2
    while f"{id_}.{number}" in taken:
        number += 1
    return f"{id_}.{number}"


def _each(place: Place, source: EntitySource) -> Iterator[Place]:
    """One place for each annotation of those whose fields are parallel lists."""
    starts = pick(place, source.start)
    if not isinstance(starts, list):
        return
    for index in range(len(starts)):
        single = {
            key: value[index]
            if isinstance(value, list) and index < len(value)
            else None
            if isinstance(value, list)
            else value
            for key, value in place.value.items()
        }
        yield Place(single, (*place.trail, index), place.around)


def _mention(place: Place, source: EntitySource, id_: str) -> Mention:
    text = pick(place, source.text)
    attributes, codes = _attributes(place, source.attributes), _codes(place, source.codes)
    score = pick(place, source.score)
    return Mention(
        id=_word(pick(place, source.id)) or id_,
        type=source.type or _word(pick(place, source.category)),
        spans=_spans(place, source, text),
        wording=_wording(text),
        attributes=attributes,
        codes=codes,
        score=float(score) if isinstance(score, int | float) and 0 <= score <= 1 else None,
    )


def _word(value: Any) -> str:
    """A name or number as a word; nothing for anything else."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _spans(place: Place, source: EntitySource, text: Any) -> tuple[Span, ...] | None:
    """The offsets; with lists, one fragment each; without an end, as long as the wording. None without a start."""
    start, end = pick(place, source.start), pick(place, source.end)
    if start is MISSING:
        return None
    starts = start if isinstance(start, list) else [start]
    if end is MISSING:
        words = text if isinstance(text, list) else [text]
        ends = [_number(one) + len(str(word)) for one, word in zip(starts, words, strict=False)]
    else:
        ends = end if isinstance(end, list) else [end]
    return tuple((_number(one), _number(other)) for one, other in zip(starts, ends, strict=False))


def _number(value: Any) -> int:
    """An offset; one that is none becomes -1, which the checks refuse."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LARGEST and value == int(value):
        return int(value)
    return -1


def _wording(text: Any) -> str | None:
    """The wording of a mention whose fragments were given in any order: nothing can be compared with several."""
    if isinstance(text, list):
        return str(text[0]) if len(text) == 1 else None
    return None if text is MISSING else str(text)


def _attributes(place: Place, names: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        value = pick(place, (name,))
        if isinstance(value, dict):
            found |= {str(key): str(inner) for key, inner in value.items() if inner is not None}
        elif value is not MISSING and not isinstance(value, list):
            found[name.rpartition(".")[2]] = str(value)
    return found


def _codes(place: Place, names: tuple[str, ...]) -> tuple[str, ...]:
    found = (pick(place, (name,)) for name in names)
    return tuple(
        str(code)
        for value in found
        if value is not MISSING
        for code in (value if isinstance(value, list) else [value])
        if code not in (None, "")
    )


def _add_links(draft: Draft, values: Mapping[str, Any], source: LinkSource) -> None:
    naming: dict[str, list[str]] = defaultdict(list)
    for mention in draft.mentions:
        for name in source.head_attributes:
            for id_ in mention.attributes.get(name, "").split():
                naming[id_].append(mention.id)
    for number, place in enumerate(walk(values, source.path), start=1):
        picked = pick(place, source.id)
        id_ = f"R{number}" if picked is MISSING else str(picked)
        heads = naming.get(id_, []) if source.head_attributes else [str(pick(place, source.head))]
        for index, head in enumerate(heads):
            type_, tail = pick(place, source.type), pick(place, source.tail)
            name = id_ if not index else f"{id_}.{index + 1}"
            draft.links.append(Link(name, "" if type_ is MISSING else str(type_), head, str(tail)))


def _add_pairs(draft: Draft, pair: PairSource, origins: Origins) -> None:
    """Links every annotation at one path with each at the other that lies in the same surroundings."""
    depth = _common(pair.head.split("."), pair.tail.split("."))
    heads: dict[tuple[str | int, ...], list[str]] = defaultdict(list)
    for trail, id_ in origins.get(pair.head, ()):
        heads[trail[:depth]].append(id_)
    known = {(link.type, link.head, link.tail) for link in draft.links}
    for trail, tail in origins.get(pair.tail, ()):
        for head in heads.get(trail[:depth], ()):
            if head != tail and (pair.type, head, tail) not in known:
                known.add((pair.type, head, tail))
                draft.links.append(Link(f"R{len(draft.links) + 1}", pair.type, head, tail))


def _common(one: list[str], other: list[str]) -> int:
    depth = 0
    while depth < min(len(one), len(other)) and one[depth] == other[depth]:
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
                    draft.mentions.append(Mention(f"T{len(draft.mentions) + 1}", str(category), wording=wording))


def _note_shape(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping, source: FactSource) -> None:
    """Keeps of what form each category's facts were, so that validation can hold it against the scheme."""
    given = dig(values, source.path)
    found: dict[str, str] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        name = _category_of(str(key), mapping)
        if name is not None:
            found[name] = (Form.TWICE if name in found else form(value)).value
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
        draft.mentions.append(Mention(f"T{len(draft.mentions) + 1}", mark.type, spans=((start, length),)))
    draft.text = "".join((*plain, draft.text[after:]))
    draft.annotated = True
    _relate_marks(draft, values, mapping)


def _relate_marks(draft: Draft, values: Mapping[str, Any], mapping: ImportMapping) -> None:
    if mapping.mark_relation is None:
        return
    type_ = dig(values, mapping.mark_relation.type)
    ends = {mention.type: mention.id for mention in draft.mentions}
    head, tail = ends.get(mapping.mark_relation.head), ends.get(mapping.mark_relation.tail)
    if isinstance(type_, str) and head and tail:
        draft.links.append(Link("R1", type_, head, tail))

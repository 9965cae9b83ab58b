"""Relations in a row: a list of them, or annotations that lie in the same surroundings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from curation.sources.draft import Draft, DraftRelation
from curation.sources.mapping import LinkSource, PairSource
from curation.sources.mention_fields import as_word
from curation.sources.paths import Node, pick, walk
from curation.sources.place_fields import place

USUAL_LINKS = LinkSource(path="relations.*")
Origins = dict[str, list[tuple[tuple[str | int, ...], str]]]


def add_links(draft: Draft, values: Mapping[str, Any], source: LinkSource) -> None:
    """Puts the relations of a list on the draft."""
    naming: dict[str, list[str]] = defaultdict(list)
    for entity in draft.entities:
        for name in source.head_attributes:
            for id_ in entity.attributes.get(name, "").split():
                naming[id_].append(entity.id)
    for count, node in enumerate(walk(values, source.path), start=1):
        id_ = as_word(pick(node, source.id)) or f"R{count}"
        head = _end(draft, node, source.head, "head_span")
        heads = naming.get(id_, []) if source.head_attributes else [head]
        for index, head in enumerate(heads):
            name = id_ if not index else f"{id_}.{index + 1}"
            tail = _end(draft, node, source.tail, "child_span")
            draft.relations.append(DraftRelation(name, as_word(pick(node, source.type)), head, tail))


def _end(draft: Draft, node: Node, names: Sequence[str | int], span: str) -> str:
    """The id of an entity at an end of a relation: as named, or by its offsets (Prodigy names tokens beside them)."""
    offsets = pick(node, (span,))
    if isinstance(offsets, dict):
        spans = place(offsets, ()).spans
        return next((entity.id for entity in draft.entities if spans and entity.spans == spans), "")
    return as_word(pick(node, names))


def add_pairs(draft: Draft, pair: PairSource, origins: Origins) -> None:
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

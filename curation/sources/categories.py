"""From the source's types to categories: a general engine for the rules of a mapping file.

Rules are tried in the file's order. The first that fits an annotation claims it, takes what the
rule joins to it, and gives it its category; what was joined is not claimed again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from curation.record import Alignment, Assertion, wording
from curation.sources.draft import Draft, DraftEntity, DraftRelation, Span
from curation.sources.mapping import AssertionRule, CategoryRule, EntityCondition, ImportMapping, Join
from curation.timed_pattern import TimedPattern


def categorise(draft: Draft, mapping: ImportMapping) -> Draft:
    """The draft with categories instead of types, joined annotations and relations renamed or left out."""
    if not mapping.changes_entities:
        return draft
    found = _Annotations(draft)
    chosen, owners = _claim(found, mapping)
    relations = list(_relinked(draft.relations, owners, mapping))
    left_out = {
        "entities": len(draft.entities) - len(owners),
        "relations": len(draft.relations) - len(relations),
    }
    return replace(draft, entities=chosen, relations=relations, notes={**draft.notes, "not_mapped": left_out})


class _Annotations:
    """A draft's annotations, by what ties them and what they stand in."""

    def __init__(self, draft: Draft) -> None:
        self.text = draft.text
        self.all = draft.entities
        self.by_id = {entity.id: entity for entity in draft.entities}
        self.by_type: dict[str, list[DraftEntity]] = defaultdict(list)
        for entity in draft.entities:
            self.by_type[entity.type].append(entity)
        self.heads: dict[str, list[DraftRelation]] = defaultdict(list)
        self.tails: dict[str, list[DraftRelation]] = defaultdict(list)
        for relation in draft.relations:
            self.heads[relation.head].append(relation)
            self.tails[relation.tail].append(relation)

    def wording(self, entity: DraftEntity) -> str:
        return wording(self.text, entity.spans) if entity.spans else entity.wording or ""

    def within(self, entity: DraftEntity, types: Iterable[str]) -> bool:
        """Whether it is inside the span of another annotation of one of the types."""
        if not entity.spans:
            return False
        start, end = entity.extent
        return any(
            other is not entity and other.spans and other.extent[0] <= start and end <= other.extent[1]
            for type_ in types
            for other in self.by_type.get(type_, ())
        )

    def fits(self, entity: DraftEntity, condition: EntityCondition) -> bool:
        return (
            (condition.wording is None or bool(_pattern(condition.wording).search(self.wording(entity))))
            and (not condition.within or self.within(entity, condition.within))
            and all(entity.attributes.get(name) in values for name, values in condition.attributes.items())
        )

    def joined(self, entity: DraftEntity, join: Join) -> list[DraftEntity]:
        """What the relation ties to it, in the order of the source."""
        tied: list[str] = []
        if join.direction in {"from", "either"}:
            tied += [relation.head for relation in self.tails[entity.id] if relation.type in join.relation]
        if join.direction in {"to", "either"}:
            tied += [relation.tail for relation in self.heads[entity.id] if relation.type in join.relation]
        found = [self.by_id[other] for other in dict.fromkeys(tied) if other in self.by_id]
        return [other for other in found if other is not entity and (not join.types or other.type in join.types)]


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> TimedPattern:
    return TimedPattern(pattern, ignore_case=True)


@dataclass(frozen=True, slots=True)
class _Claim:
    entity: DraftEntity
    category: str
    parts: Sequence[DraftEntity]


def _claim(found: _Annotations, mapping: ImportMapping) -> tuple[list[DraftEntity], dict[str, str]]:
    """The annotations with their categories in the source's order, and which annotation each one went into."""
    claims: dict[str, _Claim] = {}
    owners: dict[str, str] = {}
    settled: set[str] = set()
    for rule in mapping.categories:
        for entity in _candidates(found, rule):
            if entity.id not in settled and _rule_fits(found, entity, rule):
                settled.add(entity.id)
                if rule.category is not None:
                    claims[entity.id] = _claim_one(found, entity, rule, rule.category, owners, settled)
    for entity in found.all:
        if entity.id not in settled and (category := _plain_category(entity, mapping)) is not None:
            claims[entity.id] = _Claim(entity, category, ())
            owners[entity.id] = entity.id
    chosen = [_finished(found, claims[entity.id], mapping) for entity in found.all if entity.id in claims]
    return chosen, owners


def _candidates(found: _Annotations, rule: CategoryRule) -> list[DraftEntity]:
    return [entity for type_ in rule.types for entity in found.by_type.get(type_, ())]


def _rule_fits(found: _Annotations, entity: DraftEntity, rule: CategoryRule) -> bool:
    return found.fits(entity, rule.when) and not (rule.unless and found.fits(entity, rule.unless))


def _claim_one(
    found: _Annotations,
    entity: DraftEntity,
    rule: CategoryRule,
    category: str,
    owners: dict[str, str],
    settled: set[str],
) -> _Claim:
    owners[entity.id] = entity.id
    parts: dict[str, DraftEntity] = {}
    for join in rule.join:
        for other in found.joined(entity, join):
            if owners.get(other.id) == other.id:
                continue  # it has become an entity of its own
            parts[other.id] = other
            if join.consume:
                settled.add(other.id)
                owners.setdefault(other.id, entity.id)
    return _Claim(entity, category, tuple(parts.values()))


def _plain_category(entity: DraftEntity, mapping: ImportMapping) -> str | None:
    if entity.type in mapping.rename:
        return mapping.rename[entity.type]
    return entity.type if mapping.otherwise == "keep" else None


def _finished(found: _Annotations, claim: _Claim, mapping: ImportMapping) -> DraftEntity:
    entity = replace(claim.entity, type=claim.category, assertion=_assertion(found, claim.entity, mapping))
    if not claim.parts or entity.spans is None:
        return entity
    spans = [span for part in (claim.entity, *claim.parts) for span in part.spans or ()]
    merged = merge_spans(spans, found.text, bridge=_pattern(mapping.bridge))
    every = (claim.entity, *claim.parts)
    least = min(every, key=lambda part: (part.alignment is Alignment.EXACT, part.alignment_score))
    return replace(
        entity,
        spans=merged,
        wording=None,
        joined=True,
        alignment=least.alignment,
        alignment_score=least.alignment_score,
        moved=any(part.moved for part in every),
        refused=next((part.refused for part in every if part.refused), ""),
    )


def _assertion(found: _Annotations, entity: DraftEntity, mapping: ImportMapping) -> Assertion:
    for rule in mapping.assertions:
        if _asserts(found, entity, rule):
            return rule.assertion
    return entity.assertion


def _asserts(found: _Annotations, entity: DraftEntity, rule: AssertionRule) -> bool:
    return (not rule.types or entity.type in rule.types) and found.fits(entity, rule.when)


def merge_spans(spans: Iterable[Span], text: str, *, bridge: TimedPattern) -> tuple[Span, ...]:
    """The spans in order, overlapping ones as one, and those as one between which only a bridge stands."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and (start <= merged[-1][1] or bridge.fullmatch(text, merged[-1][1], start)):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _relinked(
    relations: Iterable[DraftRelation], owners: dict[str, str], mapping: ImportMapping
) -> Iterable[DraftRelation]:
    """The relations between annotations that stayed, under their new names; none of one with itself, none twice."""
    seen: set[tuple[str, str, str]] = set()
    table = mapping.relations
    for relation in relations:
        type_ = table.rename.get(relation.type, relation.type if table.otherwise == "keep" else None)
        head, tail = owners.get(relation.head), owners.get(relation.tail)
        if type_ is None or relation.type in table.drop or head is None or tail is None or head == tail:
            continue
        if (type_, head, tail) not in seen:
            seen.add((type_, head, tail))
            yield replace(relation, type=type_, head=head, tail=tail)

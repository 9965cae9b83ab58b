"""From the source's types to categories: a general engine for the rules of a mapping file.

Rules are tried in the file's order. The first that fits an annotation claims it, takes what the
rule joins to it, and gives it its category; what was joined is not claimed again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from curation.record import Assertion, wording
from curation.sources.draft import Draft, Link, Mention, Span
from curation.sources.mapping import AssertionRule, CategoryRule, Condition, ImportMapping, Join


def categorise(draft: Draft, mapping: ImportMapping) -> Draft:
    """The draft with categories instead of types, joined annotations and relations renamed or left out."""
    if not mapping.changes_entities:
        return draft
    found = _Annotations(draft)
    chosen, owners = _claim(found, mapping)
    links = list(_relinked(draft.links, owners, mapping))
    left_out = {
        "entities": len(draft.mentions) - len(owners),
        "relations": len(draft.links) - len(links),
    }
    return replace(draft, mentions=chosen, links=links, notes={**draft.notes, "not_mapped": left_out})


class _Annotations:
    """A draft's annotations, by what ties them and what they stand in."""

    def __init__(self, draft: Draft) -> None:
        self.text = draft.text
        self.all = draft.mentions
        self.by_id = {mention.id: mention for mention in draft.mentions}
        self.by_type: dict[str, list[Mention]] = defaultdict(list)
        for mention in draft.mentions:
            self.by_type[mention.type].append(mention)
        self.heads: dict[str, list[Link]] = defaultdict(list)
        self.tails: dict[str, list[Link]] = defaultdict(list)
        for link in draft.links:
            self.heads[link.head].append(link)
            self.tails[link.tail].append(link)

    def wording(self, mention: Mention) -> str:
        return wording(self.text, mention.spans) if mention.spans else mention.wording or ""

    def within(self, mention: Mention, types: Iterable[str]) -> bool:
        """Whether it stands inside the reach of another annotation of one of the types."""
        if not mention.spans:
            return False
        start, end = mention.reach
        return any(
            other is not mention and other.spans and other.reach[0] <= start and end <= other.reach[1]
            for type_ in types
            for other in self.by_type.get(type_, ())
        )

    def fits(self, mention: Mention, condition: Condition) -> bool:
        return (
            (condition.wording is None or bool(_pattern(condition.wording).search(self.wording(mention))))
            and (not condition.within or self.within(mention, condition.within))
            and all(mention.attributes.get(name) in values for name, values in condition.attributes.items())
        )

    def joined(self, mention: Mention, join: Join) -> list[Mention]:
        """What the relation ties to it, in the order of the source."""
        others: list[str] = []
        if join.direction in {"from", "either"}:
            others += [link.head for link in self.tails[mention.id] if link.type in join.relation]
        if join.direction in {"to", "either"}:
            others += [link.tail for link in self.heads[mention.id] if link.type in join.relation]
        found = [self.by_id[other] for other in dict.fromkeys(others) if other in self.by_id]
        return [other for other in found if other is not mention and (not join.types or other.type in join.types)]


@lru_cache(maxsize=256)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Claim:
    mention: Mention
    category: str
    parts: Sequence[Mention]


def _claim(found: _Annotations, mapping: ImportMapping) -> tuple[list[Mention], dict[str, str]]:
    """The annotations with their categories in the source's order, and which annotation each one went into."""
    claims: dict[str, _Claim] = {}
    owners: dict[str, str] = {}
    settled: set[str] = set()
    for rule in mapping.categories:
        for mention in _candidates(found, rule):
            if mention.id not in settled and _rule_fits(found, mention, rule):
                settled.add(mention.id)
                if rule.category is not None:
                    claims[mention.id] = _claim_one(found, mention, rule, rule.category, owners, settled)
    for mention in found.all:
        if mention.id not in settled and (category := _plain_category(mention, mapping)) is not None:
            claims[mention.id] = _Claim(mention, category, ())
            owners[mention.id] = mention.id
    chosen = [_finished(found, claims[one.id], mapping) for one in found.all if one.id in claims]
    return chosen, owners


def _candidates(found: _Annotations, rule: CategoryRule) -> list[Mention]:
    return [mention for type_ in rule.types for mention in found.by_type.get(type_, ())]


def _rule_fits(found: _Annotations, mention: Mention, rule: CategoryRule) -> bool:
    return found.fits(mention, rule.when) and not (rule.unless and found.fits(mention, rule.unless))


def _claim_one(
    found: _Annotations,
    mention: Mention,
    rule: CategoryRule,
    category: str,
    owners: dict[str, str],
    settled: set[str],
) -> _Claim:
    owners[mention.id] = mention.id
    parts: dict[str, Mention] = {}
    for join in rule.join:
        for other in found.joined(mention, join):
            if owners.get(other.id) == other.id:
                continue  # it has become an entity of its own
            parts[other.id] = other
            if join.consume:
                settled.add(other.id)
                owners.setdefault(other.id, mention.id)
    return _Claim(mention, category, tuple(parts.values()))


def _plain_category(mention: Mention, mapping: ImportMapping) -> str | None:
    if mention.type in mapping.rename:
        return mapping.rename[mention.type]
    return mention.type if mapping.otherwise == "keep" else None


def _finished(found: _Annotations, claim: _Claim, mapping: ImportMapping) -> Mention:
    mention = replace(claim.mention, type=claim.category, assertion=_assertion(found, claim.mention, mapping))
    if not claim.parts or mention.spans is None:
        return mention
    spans = [span for part in (claim.mention, *claim.parts) for span in part.spans or ()]
    merged = merge_spans(spans, found.text, bridge=_pattern(mapping.bridge))
    return replace(mention, spans=merged, wording=None, joined=True)


def _assertion(found: _Annotations, mention: Mention, mapping: ImportMapping) -> Assertion:
    for rule in mapping.assertions:
        if _asserts(found, mention, rule):
            return rule.assertion
    return mention.assertion


def _asserts(found: _Annotations, mention: Mention, rule: AssertionRule) -> bool:
    return (not rule.types or mention.type in rule.types) and found.fits(mention, rule.when)


def merge_spans(spans: Iterable[Span], text: str, *, bridge: re.Pattern[str]) -> tuple[Span, ...]:
    """The spans in order, overlapping ones as one, and those as one between which only a bridge stands."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and (start <= merged[-1][1] or bridge.fullmatch(text, merged[-1][1], start)):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _relinked(links: Iterable[Link], owners: dict[str, str], mapping: ImportMapping) -> Iterable[Link]:
    """The relations between annotations that stayed, under their new names; none of one with itself, none twice."""
    seen: set[tuple[str, str, str]] = set()
    table = mapping.relations
    for link in links:
        type_ = table.rename.get(link.type, link.type if table.otherwise == "keep" else None)
        head, tail = owners.get(link.head), owners.get(link.tail)
        if type_ is None or link.type in table.drop or head is None or tail is None or head == tail:
            continue
        if (type_, head, tail) not in seen:
            seen.add((type_, head, tail))
            yield replace(link, type=type_, head=head, tail=tail)

"""Precision, recall and F1 of the relations of one layer against those of another.

Strict: same type, and both arguments the same entities (category and spans). Lenient: same type, both arguments of the
same categories and overlapping, each relation paired at most once (the 2018 n2c2 rules). Both are end to end: an
argument that was not found costs its relations. On gold entities: only relations between entities that both layers
have, which parts the errors of relations from those of entities; of a layer that was made on gold's entities, it is the
score of relations on gold entities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from curation.record import Frozen, Layer
from curation.scheme import Scheme
from curation.scoring.entities import (
    RESAMPLING,
    Mean,
    Resampling,
    Score,
    Target,
    by_record,
    figures,
    mode_scores,
    target_of,
    targets_of,
)
from curation.scoring.matching import most_pairs, overlap
from curation.scoring.tally import DocumentCounts, DocumentTally

STRICT, LENIENT, ON_GOLD = "relations strict", "relations lenient", "relations on gold entities"

#: An argument: its category, spans, and wording where it has no spans.
Argument = tuple[str, Target]
#: The arguments of a relation.
Pair = tuple[Argument, Argument]
Pairs = dict[str, set[Pair]]


class RelationMode(Frozen):
    """The scores under one rule of matching; macro: mean over the types that gold has."""

    micro: Score
    macro: Mean
    per_type: dict[str, Score]


class RelationScores(Frozen):
    """The scores of relations, end to end (strict, lenient) and between entities that both sides have."""

    strict: RelationMode
    lenient: RelationMode
    on_gold_entities: RelationMode


def score_relations(
    gold: Iterable[Layer],
    predicted: Iterable[Layer],
    *,
    scheme: Scheme,
    everything: bool = False,
    resamples: int = 1000,
    seed: int = 0,
) -> RelationScores | None:
    """The scores over the records of gold, None where neither side has relations.

    ``everything`` also scores relations of entities that do not count as information. Raises UsageError when a side has
    two layers of one record.
    """
    guesses, tally = by_record(predicted, "predicted"), DocumentTally()
    for record_id, layer in by_record(gold, "gold").items():
        counts = relation_counts(layer, guesses.get(record_id), scheme=scheme, everything=everything)
        tally.add(record_id, counts)
    return relation_scores(tally, scheme=scheme, resampling=Resampling(resamples=resamples, seed=seed))


def relation_counts(
    gold: Layer, predicted: Layer | None, *, scheme: Scheme, everything: bool = False
) -> DocumentCounts:
    """What a document adds to the figures of `relation_scores`."""
    ours, theirs = (_pairs(layer, scheme, everything) for layer in (gold, predicted))
    types = list(dict.fromkeys((*ours, *theirs)))
    sides = {name: (ours.get(name, set()), theirs.get(name, set())) for name in types}
    shared = _arguments(gold, scheme, everything) & _arguments(predicted, scheme, everything)
    on_gold = {
        name: tuple({pair for pair in side if shared.issuperset(pair)} for side in both) for name, both in sides.items()
    }
    return {
        **figures(STRICT, {name: _counts(a, b, _equal) for name, (a, b) in sides.items()}),
        **figures(LENIENT, {name: _counts(a, b, _overlapping) for name, (a, b) in sides.items()}),
        **figures(ON_GOLD, {name: _counts(a, b, _equal) for name, (a, b) in on_gold.items()}),
    }


def relation_scores(
    tally: DocumentTally, *, scheme: Scheme, resampling: Resampling = RESAMPLING
) -> RelationScores | None:
    """The scores of what was counted; None where neither side has relations."""
    if not tally.rows(STRICT):
        return None
    order = tuple(relation.name for relation in scheme.relations)

    def mode(table: str) -> RelationMode:
        scores = mode_scores(tally, table, order, resampling)
        return RelationMode(micro=scores.micro, macro=scores.macro, per_type=scores.per_category)

    return RelationScores(strict=mode(STRICT), lenient=mode(LENIENT), on_gold_entities=mode(ON_GOLD))


def _pairs(layer: Layer | None, scheme: Scheme, everything: bool) -> Pairs:
    """The relations by type, whose both ends count; given twice, they are one."""
    if layer is None:
        return {}
    counted = {
        entity.id: (entity.category, target_of(entity))
        for entity in layer.entities
        if everything or scheme.counts(entity)
    }
    pairs: Pairs = {}
    for relation in layer.relations:
        if relation.head in counted and relation.tail in counted:
            pairs.setdefault(relation.type, set()).add((counted[relation.head], counted[relation.tail]))
    return pairs


def _arguments(layer: Layer | None, scheme: Scheme, everything: bool) -> set[Argument]:
    targets = targets_of(layer, scheme, everything=everything)
    return {(category, target) for category, entities in targets.items() for target in entities if target[0]}


def _counts(
    gold: set[Pair], predicted: set[Pair], matching: Callable[[list[Pair], list[Pair]], int]
) -> tuple[int, int, int]:
    placed = [[pair for pair in sorted(side) if all(spans for _, (spans, _) in pair)] for side in (gold, predicted)]
    return matching(*placed), len(gold), len(predicted)


def _equal(gold: list[Pair], predicted: list[Pair]) -> int:
    return len(set(gold) & set(predicted))


def _overlapping(gold: list[Pair], predicted: list[Pair]) -> int:
    return most_pairs([[at for at, theirs in enumerate(predicted) if _overlap(ours, theirs)] for ours in gold])


def _overlap(left: Pair, right: Pair) -> bool:
    return all(
        ours == theirs and overlap(our_spans, their_spans)
        for (ours, (our_spans, _)), (theirs, (their_spans, _)) in zip(left, right, strict=True)
    )

"""Relations against cases worked out by hand and against brute force."""

from __future__ import annotations

from itertools import permutations
from random import Random

import pytest

from curation.record import Assertion, Entity, Fragment, Layer, Relation
from curation.scheme import Category, RelationType, Scheme
from curation.scoring.relations import RelationScores, score_relations

SCHEME = Scheme(
    name="s",
    categories=tuple(
        Category(name=name, label={"en": name}, colour="#112233", hotkey=None) for name in ("drug", "dose", "reason")
    ),
    relations=(RelationType(name="dose-of"), RelationType(name="reason-of")),
)


def layer(
    entities: dict[str, tuple[str, int, int]], *links: tuple[str, str, str], negated: tuple[str, ...] = ()
) -> Layer:
    return Layer(
        record_id="r",
        name="any",
        author="any",
        entities=tuple(
            Entity(
                id=id,
                category=category,
                text="x",
                fragments=(Fragment(start=start, end=end),),
                assertion=Assertion.NEGATED if id in negated else Assertion.PRESENT,
            )
            for id, (category, start, end) in entities.items()
        ),
        relations=tuple(
            Relation(id=f"R{number}", type=type, head=head, tail=tail)
            for number, (type, head, tail) in enumerate(links)
        ),
    )


def scored(gold: Layer, *predicted: Layer, everything: bool = False) -> RelationScores:
    found = score_relations([gold], predicted, scheme=SCHEME, everything=everything)
    assert found is not None
    return found


GOLD = {"a": ("drug", 0, 7), "b": ("dose", 8, 13), "c": ("reason", 20, 30), "d": ("drug", 40, 47)}


def test_a_relation_is_strict_in_type_direction_and_both_arguments() -> None:
    gold = layer(GOLD, ("dose-of", "b", "a"), ("reason-of", "c", "a"), ("reason-of", "c", "d"))
    others = {**GOLD, "c": ("reason", 18, 30)}
    predicted = layer(others, ("dose-of", "b", "a"), ("dose-of", "a", "b"), ("reason-of", "c", "a"))
    found = scored(gold, predicted)
    strict, lenient = found.strict.micro, found.lenient.micro
    assert (strict.matched, strict.gold, strict.predicted) == (1, 3, 3)
    assert (strict.precision, strict.recall, strict.f1) == (1 / 3, 1 / 3, 1 / 3)
    assert (lenient.matched, lenient.f1) == (2, 2 / 3)
    assert {name: score.f1 for name, score in found.strict.per_type.items()} == {"dose-of": 2 / 3, "reason-of": 0}
    assert list(found.lenient.per_type) == ["dose-of", "reason-of"]
    assert found.strict.macro.f1 == pytest.approx(1 / 3)


def test_on_gold_entities_only_relations_between_entities_of_both_count() -> None:
    gold = layer(GOLD, ("dose-of", "b", "a"), ("reason-of", "c", "a"))
    missing = {name: entity for name, entity in GOLD.items() if name != "c"}
    found = scored(gold, layer({**missing, "e": ("reason", 60, 66)}, ("dose-of", "b", "a"), ("reason-of", "e", "a")))
    assert found.strict.micro.f1 == 1 / 2
    on_gold = found.on_gold_entities.micro
    assert (on_gold.matched, on_gold.gold, on_gold.predicted) == (1, 1, 1)
    wrong = scored(gold, layer(GOLD, ("dose-of", "b", "d"), ("reason-of", "c", "a")))
    assert (wrong.on_gold_entities.micro.f1, wrong.strict.micro.f1) == (1 / 2, 1 / 2)


def test_a_record_without_a_prediction_costs_recall() -> None:
    found = scored(layer(GOLD, ("dose-of", "b", "a")))
    assert (found.strict.micro.recall, found.strict.micro.precision, found.strict.micro.f1) == (0, None, 0)
    assert found.on_gold_entities.micro.f1 is None


def test_without_relations_nothing_is_measured() -> None:
    assert score_relations([layer(GOLD)], [layer(GOLD)], scheme=SCHEME) is None
    assert score_relations([], [], scheme=SCHEME) is None


def test_relations_of_what_does_not_count_are_left_out_on_both_sides() -> None:
    negated = layer(GOLD, ("dose-of", "b", "a"), ("reason-of", "c", "a"), negated=("c",))
    plain = layer(GOLD, ("dose-of", "b", "a"))
    assert scored(negated, plain).strict.micro.f1 == 1
    assert scored(negated, plain, everything=True).strict.micro.recall == 1 / 2


def test_the_same_relation_twice_is_one_and_an_unplaced_argument_matches_nothing() -> None:
    twice = layer(GOLD, ("dose-of", "b", "a"), ("dose-of", "b", "a"))
    assert scored(layer(GOLD, ("dose-of", "b", "a")), twice).strict.micro.precision == 1
    lost = Layer(
        record_id="r",
        name="any",
        author="any",
        entities=(
            Entity(id="a", category="drug", text="x", fragments=(Fragment(start=0, end=7),)),
            Entity(id="b", category="dose", text="y", alignment="none", alignment_score=0),
        ),
        relations=(Relation(id="R1", type="dose-of", head="b", tail="a"),),
    )
    found = scored(lost, lost)
    assert (found.strict.micro.matched, found.lenient.micro.matched, found.strict.micro.gold) == (0, 0, 1)


def test_lenient_pairs_are_the_most_there_can_be() -> None:
    random = Random(3)
    for _ in range(60):
        gold, predicted = (_random_layer(random) for _ in range(2))
        found = score_relations([gold], [predicted], scheme=SCHEME)
        assert (found.lenient.micro.matched if found else 0) == _most_pairs(gold, predicted)


def _random_layer(random: Random) -> Layer:
    """Three drugs and three doses somewhere in twenty characters, and up to four links."""
    entities = {}
    for number in range(6):
        start = random.randrange(18)
        entities[str(number)] = ("drug" if number < 3 else "dose", start, start + random.randint(1, 4))
    links = {(str(random.randint(3, 5)), str(random.randint(0, 2))) for _ in range(random.randint(0, 4))}
    return layer(entities, *(("dose-of", head, tail) for head, tail in sorted(links)))


def _most_pairs(gold: Layer, predicted: Layer) -> int:
    def ends(found: Layer) -> list[tuple[tuple[tuple[int, int], ...], ...]]:
        by_id = {entity.id: entity.spans for entity in found.entities}
        return sorted({(by_id[link.head], by_id[link.tail]) for link in found.relations})

    few, many = sorted((ends(gold), ends(predicted)), key=len)

    def alike(left: tuple[tuple[tuple[int, int], ...], ...], right: tuple[tuple[tuple[int, int], ...], ...]) -> bool:
        return all(a[0][0] < b[0][1] and b[0][0] < a[0][1] for a, b in zip(left, right, strict=True))

    return max(
        (sum(map(alike, few, some)) for some in permutations(many, len(few))),
        default=0,
    )

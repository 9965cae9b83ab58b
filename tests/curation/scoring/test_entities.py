"""Scores against cases worked out by hand, against another library, and against brute force."""

from __future__ import annotations

from itertools import combinations, permutations
from random import Random

import pytest

from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Alignment, Entity, Fragment, Layer
from curation.scheme import Scheme
from curation.scoring.entities import EntityScores, score_entities
from curation.scoring.matching import Spans, overlap, overlapping_pairs


def layer(record_id: str, *entities: tuple[str, int, int]) -> Layer:
    """A layer with entities at one place each; their wording does not matter here."""
    return Layer(
        record_id=record_id,
        name="any",
        author="any",
        entities=tuple(
            Entity(id=f"T{i}", category=category, text="x", fragments=(Fragment(start=start, end=end),))
            for i, (category, start, end) in enumerate(entities)
        ),
    )


def marked(record_id: str, text: str) -> Layer:
    return Layer(record_id=record_id, name="any", author="any", entities=parse_markup(text)[1])


def test_strict_wants_the_place_and_lenient_an_overlap(scheme: Scheme) -> None:
    gold = layer("r", ("age", 0, 5), ("diagnosis", 10, 20), ("diagnosis", 30, 40), ("gender", 50, 53))
    predicted = layer("r", ("age", 0, 5), ("diagnosis", 12, 20), ("gender", 30, 40))
    scores = score_entities([gold], [predicted], scheme=scheme)
    strict, lenient = scores.strict.micro, scores.lenient.micro
    assert (strict.matched, strict.gold, strict.predicted) == (1, 4, 3)
    assert (strict.precision, strict.recall, strict.f1) == (1 / 3, 1 / 4, 2 / 7)
    assert (lenient.matched, lenient.precision, lenient.recall, lenient.f1) == (2, 2 / 3, 2 / 4, 4 / 7)
    assert list(scores.strict.per_category) == ["age", "gender", "diagnosis"]
    assert scores.strict.per_category["gender"].f1 == 0
    # Means over age 1, gender 0 and diagnosis 0 (strict) or 2 * 1 / (2 + 1) (lenient).
    assert scores.strict.macro.f1 == pytest.approx(1 / 3)
    assert scores.lenient.macro.f1 == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert scores.strict.macro.over == 3


def test_a_long_prediction_takes_one_gold_entity_and_leaves_the_others() -> None:
    gold: list[Spans] = [((0, 5),), ((6, 10),)]
    assert overlapping_pairs(gold, [((0, 10),)]) == 1
    # Greedy pairing would give the first gold entity the long prediction, and the second nothing.
    assert overlapping_pairs(gold, [((0, 10),), ((1, 3),)]) == 2


def test_pairing_is_the_largest_there_is() -> None:
    random = Random(7)
    for _ in range(150):
        gold, predicted = (_random_spans(random) for _ in range(2))
        assert overlapping_pairs(gold, predicted) == _largest_by_trying(gold, predicted)


def _random_spans(random: Random) -> list[Spans]:
    """Up to five entities of one or two fragments."""
    cuts = [sorted(random.sample(range(24), random.choice((2, 4)))) for _ in range(random.randint(0, 5))]
    return [tuple(zip(cut[::2], cut[1::2], strict=True)) for cut in cuts]


def _largest_by_trying(gold: list[Spans], predicted: list[Spans]) -> int:
    for size in range(min(len(gold), len(predicted)), 0, -1):
        for some in combinations(gold, size):
            if any(all(map(overlap, some, others)) for others in permutations(predicted, size)):
                return size
    return 0


def test_a_discontinuous_entity_is_strictly_equal_only_in_all_fragments(scheme: Scheme) -> None:
    def of(*places: tuple[int, int]) -> Layer:
        fragments = tuple(Fragment(start=start, end=end) for start, end in places)
        return Layer(
            record_id="r",
            name="any",
            author="any",
            entities=(Entity(id="T1", category="diagnosis", text="x", fragments=fragments),),
        )

    whole, joined = of((0, 4), (8, 12)), of((0, 12))
    assert score_entities([whole], [whole], scheme=scheme).strict.micro.f1 == 1
    scores = score_entities([whole], [joined], scheme=scheme)
    assert (scores.strict.micro.f1, scores.lenient.micro.f1) == (0, 1)
    between = score_entities([whole], [of((5, 7))], scheme=scheme)
    assert between.lenient.micro.f1 == 0


def test_negated_entities_are_left_out_on_both_sides(scheme: Scheme) -> None:
    gold = marked("r", "No [fever]{signs_symptoms negated}, but [cough]{signs_symptoms}.")
    predicted = marked("r", "No [fever]{signs_symptoms}, but [cough]{signs_symptoms}.")
    assert score_entities([gold], [predicted], scheme=scheme).strict.micro.precision == 1 / 2
    assert score_entities([predicted], [gold], scheme=scheme).strict.micro.recall == 1 / 2
    assert score_entities([gold], [predicted], scheme=scheme, everything=True).strict.micro.f1 == 1
    history = marked("r", "[no cancer in the family]{family_history negated}")
    assert score_entities([history], [history], scheme=scheme).strict.micro.gold == 1


def test_what_cannot_be_divided_is_not_available(scheme: Scheme) -> None:
    nothing = score_entities([layer("r")], [layer("r")], scheme=scheme)
    assert nothing.strict.micro.model_dump() == {
        "precision": None,
        "recall": None,
        "f1": None,
        "f1_interval": None,
        "matched": 0,
        "gold": 0,
        "predicted": 0,
        "records": 0,
    }
    assert (nothing.strict.macro.f1, nothing.strict.documents.over) == (None, 0)
    silent = score_entities([layer("r", ("age", 0, 2))], [], scheme=scheme)
    assert (silent.missing, silent.strict.micro.precision, silent.strict.micro.f1) == (1, None, 0)
    inventing = score_entities([layer("r")], [layer("r", ("age", 0, 2))], scheme=scheme)
    assert (inventing.strict.micro.recall, inventing.strict.micro.f1) == (None, 0)
    assert inventing.strict.macro.over == 0
    assert score_entities([], [], scheme=scheme).records == 0


def test_entities_without_a_place_cost_both_sides(scheme: Scheme) -> None:
    lost = Layer(
        record_id="r",
        name="any",
        author="any",
        entities=(
            Entity(id="T1", category="age", text="old", alignment=Alignment.NONE, alignment_score=0),
            Entity(id="T2", category="age", text="very", alignment=Alignment.NONE, alignment_score=0),
        ),
    )
    scores = score_entities([lost], [lost], scheme=scheme)
    assert (scores.lenient.micro.matched, scores.lenient.micro.gold, scores.lenient.micro.predicted) == (0, 2, 2)
    assert scores.unplaced == {"gold": 2, "predicted": 2}


def test_the_same_said_twice_is_said_once(scheme: Scheme) -> None:
    twice = layer("r", ("age", 0, 2), ("age", 0, 2))
    assert score_entities([layer("r", ("age", 0, 2))], [twice], scheme=scheme).strict.micro.precision == 1


def test_layers_of_other_records_are_counted_and_not_scored(scheme: Scheme) -> None:
    gold, other = layer("r", ("age", 0, 2)), layer("s", ("age", 0, 2))
    scores = score_entities([gold], [gold, other], scheme=scheme)
    assert (scores.unscored, scores.strict.micro.predicted) == (1, 1)
    with pytest.raises(UsageError, match="two of record r"):
        score_entities([gold, gold], [], scheme=scheme)


def _corpus(documents: int, seed: int) -> tuple[list[Layer], list[Layer]]:
    """Gold, and predictions of which some are right, some shifted and some missing; nothing overlaps."""
    random, gold, predicted = Random(seed), [], []
    names = ("age", "gender", "diagnosis", "signs_symptoms")
    for number in range(documents):
        entities = [(random.choice(names), start, start + 6) for start in range(0, 200, 10)]
        guesses = [
            (name if random.random() < 0.8 else random.choice(names), start + (random.random() < 0.3), end)
            for name, start, end in entities
            if random.random() < 0.8
        ]
        gold.append(layer(f"r{number}", *entities))
        predicted.append(layer(f"r{number}", *guesses))
    return gold, predicted


def test_agrees_with_nervaluate_where_nothing_overlaps(scheme: Scheme) -> None:
    from nervaluate import Evaluator

    gold, predicted = _corpus(12, seed=3)
    scores = score_entities(gold, predicted, scheme=scheme)
    theirs = Evaluator(_as_dicts(gold), _as_dicts(predicted), tags=list(scheme.names), loader="dict").evaluate()
    for mode, name in (("strict", "strict"), ("lenient", "ent_type")):
        overall = theirs["overall"][name]
        ours = getattr(scores, mode).micro
        assert (ours.matched, ours.precision, ours.recall) == (
            overall.correct,
            pytest.approx(overall.precision),
            pytest.approx(overall.recall),
        )
        for category, score in getattr(scores, mode).per_category.items():
            assert score.f1 == pytest.approx(theirs["entities"][category][name].f1)


def _as_dicts(layers: list[Layer]) -> list[list[dict[str, object]]]:
    return [
        [{"label": one.category, "start": one.start, "end": one.end - 1} for one in each.entities] for each in layers
    ]


def test_intervals_hold_the_score_are_seeded_and_narrow_with_more_documents(scheme: Scheme) -> None:
    def scored(documents: int, seed: int = 0) -> EntityScores:
        return score_entities(*_corpus(documents, seed=1), scheme=scheme, seed=seed)

    few, many = scored(10), scored(160)
    for scores in (few, many):
        low, high = scores.strict.micro.f1_interval or (1, 0)
        assert low < (scores.strict.micro.f1 or 0) < high
    assert _width(many) < _width(few) / 2
    assert few == scored(10)
    assert few.strict.micro.f1_interval != scored(10, seed=1).strict.micro.f1_interval


def _width(scores: EntityScores) -> float:
    low, high = scores.strict.micro.f1_interval or (0, 0)
    return high - low


def test_the_json_has_strict_and_lenient_at_the_top(scheme: Scheme) -> None:
    content = score_entities([layer("r", ("age", 0, 2))], [layer("r", ("age", 0, 2))], scheme=scheme).to_json()
    assert content["records"] == 1
    assert content["lenient"]["per_category"]["age"] == {
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "f1_interval": [1.0, 1.0],
        "matched": 1,
        "gold": 1,
        "predicted": 1,
        "records": 1,
    }
    assert set(content["strict"]) == {"micro", "macro", "documents", "per_category"}


def test_the_boundary_is_right_in_any_category(scheme: Scheme) -> None:
    gold = layer("r", ("age", 0, 5), ("diagnosis", 10, 20), ("gender", 10, 20))
    predicted = layer("r", ("gender", 0, 5), ("comorbidities", 10, 20), ("age", 30, 33))
    boundary = score_entities([gold], [predicted], scheme=scheme).boundary
    assert boundary is not None
    assert (boundary.micro.matched, boundary.micro.precision, boundary.micro.recall) == (2, 2 / 3, 2 / 3)
    assert boundary.per_category == {}


def test_the_boundary_agrees_with_nervaluate(scheme: Scheme) -> None:
    from nervaluate import Evaluator

    gold, predicted = _corpus(12, seed=5)
    theirs = Evaluator(_as_dicts(gold), _as_dicts(predicted), tags=list(scheme.names), loader="dict").evaluate()
    boundary = score_entities(gold, predicted, scheme=scheme).boundary
    assert boundary is not None
    exact = theirs["overall"]["exact"]
    assert (boundary.micro.matched, boundary.micro.f1) == (exact.correct, pytest.approx(exact.f1))


#: Twenty words of five letters: the entities of `_corpus` cover one or two of them, or a part.
TEXT = "alpha " * 35


def test_tokens_agree_with_scikit_learn(scheme: Scheme) -> None:
    from sklearn.metrics import f1_score

    gold, predicted = _corpus(8, seed=2)
    texts = {found.record_id: TEXT for found in gold}
    token = score_entities(gold, predicted, scheme=scheme, texts=texts).token
    assert token is not None
    tokens = [(start, start + 5) for start in range(0, len(TEXT), 6)]

    def marked(layers: list[Layer]) -> list[list[bool]]:
        return [
            [
                any(entity.start < end and start < entity.end for entity in found.entities if entity.category == name)
                for name in scheme.names
            ]
            for found in layers
            for start, end in tokens
        ]

    ours, theirs = marked(gold), marked(predicted)
    assert token.micro.f1 == pytest.approx(f1_score(ours, theirs, average="micro"))
    by_name = dict(zip(scheme.names, f1_score(ours, theirs, average=None, zero_division=0), strict=True))
    assert {name: score.f1 for name, score in token.per_category.items()} == pytest.approx(
        {name: by_name[name] for name in token.per_category}
    )
    assert score_entities(gold, predicted, scheme=scheme).token is None


def test_strict_agrees_with_seqeval_where_entities_are_whole_words(scheme: Scheme) -> None:
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    random = Random(4)
    names = ("age", "gender", "diagnosis")

    def words() -> list[tuple[str, int, int]]:
        """Entities of one to three whole words, apart from each other."""
        found, word = [], 0
        while word < 30:
            length = random.randint(1, 3)
            if random.random() < 0.4:
                found.append((random.choice(names), word * 6, (word + length) * 6 - 1))
            word += length + random.randint(0, 2)
        return found

    def tags(entities: list[tuple[str, int, int]]) -> list[str]:
        found = ["O"] * 35
        for name, start, end in entities:
            for word in range(start // 6, (end + 1) // 6):
                found[word] = f"{'B' if word * 6 == start else 'I'}-{name}"
        return found

    golds = [words() for _ in range(10)]
    predictions = [[entity for entity in gold if random.random() < 0.7] for gold in golds]
    predictions[0] = words()
    ours = score_entities(
        [layer(str(number), *entities) for number, entities in enumerate(golds)],
        [layer(str(number), *entities) for number, entities in enumerate(predictions)],
        scheme=scheme,
    )
    theirs = f1_score(list(map(tags, golds)), list(map(tags, predictions)), mode="strict", scheme=IOB2)
    assert ours.strict.micro.f1 == pytest.approx(theirs)


def test_documents_of_one_patient_are_drawn_together(scheme: Scheme) -> None:
    gold, predicted = _corpus(40, seed=1)
    alone = score_entities(gold, predicted, scheme=scheme)
    twice = [found.model_copy(update={"record_id": f"{found.record_id}b"}) for found in (*gold, *predicted)]
    golds, predictions = [*gold, *twice[:40]], [*predicted, *twice[40:]]
    groups = {found.record_id: found.record_id.removesuffix("b") for found in golds}
    together = score_entities(golds, predictions, scheme=scheme, groups=groups)
    # The same patients seen twice give no more certainty; taken for others they would.
    assert together.strict.micro.f1_interval == alone.strict.micro.f1_interval
    assert _width(score_entities(golds, predictions, scheme=scheme)) < _width(alone)

"""How far scores are probabilities: figures by hand, intervals over records, and calibration on other records."""

from __future__ import annotations

from random import Random

import pytest

from curation.record import Entity, Fragment, Layer
from curation.scheme import Scheme
from curation.scoring.calibration import Calibration, calibrate
from curation.scoring.entity_confidence import confidence_counts, confidence_scores
from curation.scoring.reliability import FOLDS, Scored, reliability, report_calibration
from curation.scoring.tally import DocumentTally


def drawn(records: int, *, truth: float, score: float, seed: int = 0, each: int = 5) -> dict[str, list[Scored]]:
    """Records of entities that are right with one probability and have another as their score, with some noise."""
    random = Random(seed)
    return {
        f"r{number}": [(score + random.uniform(-0.02, 0.02), random.random() < truth) for _ in range(each)]
        for number in range(records)
    }


def test_the_figures_are_those_by_hand():
    pairs = [(0.2, False), (0.2, False), (0.9, True), (0.9, False)]
    found = reliability({"a": pairs[:2], "b": pairs[2:]}, resamples=50)
    # Two bins: 0.2 against 0, and 0.9 against a half.
    assert found.ece_equal_width.value == pytest.approx((2 * 0.2 + 2 * 0.4) / 4)
    assert found.ece_equal_mass.value == pytest.approx(0.3)
    assert found.brier.value == pytest.approx((0.04 + 0.04 + 0.01 + 0.81) / 4)
    assert found.bins_equal_width == 2
    assert [(part.entities, part.right) for part in found.curve] == [(2, 0.0), (2, 0.5)]


def test_scores_that_are_probabilities_have_little_error_and_others_much():
    honest = {id: pairs for score in (0.3, 0.8) for id, pairs in _named(drawn(100, truth=score, score=score), score)}
    bold = drawn(100, truth=0.5, score=0.95)
    assert reliability(honest).ece_equal_mass.value < 0.08
    found = reliability(bold)
    assert found.ece_equal_mass.value == pytest.approx(0.45, abs=0.06)
    low, high = found.ece_equal_mass.interval
    assert low < found.ece_equal_mass.value < high


def _named(records: dict[str, list[Scored]], score: float) -> list[tuple[str, list[Scored]]]:
    return [(f"{score}-{id}", pairs) for id, pairs in records.items()]


def test_intervals_are_over_records():
    """Fifty equal entities of one record tell no more than the record."""
    alone = {f"r{number}": [(0.9, number % 2 == 0)] for number in range(100)}
    copied = {f"r{number}": [(0.9, number % 2 == 0)] * 50 for number in range(100)}
    assert reliability(alone).brier.interval == pytest.approx(reliability(copied).brier.interval)


@pytest.mark.parametrize(("records", "kind"), [(40, "temperature"), (120, "isotonic")])
def test_calibration_is_learned_on_one_part_and_measured_on_another(records, kind):
    outcomes = drawn(records, truth=0.5, score=0.95)
    report = report_calibration("rules@1", outcomes)
    assert (report.calibration.kind, report.records, report.entities) == (kind, records, 5 * records)
    assert report.not_measured is None
    assert report.after.ece_equal_width.value < 0.15 < report.before.ece_equal_width.value
    assert report.after.brier.value < report.before.brier.value
    assert report_calibration("rules@1", outcomes) == report


def test_what_is_learned_from_noise_does_not_look_good_on_the_records_that_it_was_learned_from():
    """Each entity has a score of its own and its outcome is chance: measured on the same records, it looks sure."""
    random = Random(1)
    outcomes = {f"r{number}": [(random.random(), random.random() < 0.5) for _ in range(5)] for number in range(200)}
    report = report_calibration("rules@1", outcomes)
    pairs = [pair for found in outcomes.values() for pair in found]
    read = report.calibration.read([score for score, _ in pairs])
    on_itself = sum((score - right) ** 2 for score, (_, right) in zip(read, pairs, strict=True)) / len(pairs)
    assert report.after.brier.value > on_itself


@pytest.mark.parametrize(
    "outcomes",
    [
        {},
        {"a": []},
        {"a": [(0.9, True)] * 20},
        {"a": [(0.9, number % 2 == 0) for number in range(200)]},
        {f"r{number}": [(0.9, True)] for number in range(200)},
        {f"r{number}": [(0.9, number > 0)] for number in range(200)},
    ],
    ids=["none", "no scores", "few", "one record", "all right", "one wrong"],
)
def test_with_too_few_reviews_nothing_is_measured_and_nothing_learned(outcomes):
    report = report_calibration("rules@1", outcomes)
    assert (report.before, report.after, report.calibration.kind) == (None, None, "raw")
    assert f"on {FOLDS} records" in report.not_measured


def test_where_a_part_is_too_small_to_learn_from_the_scores_as_they_are_are_measured():
    outcomes = {f"r{number}": [(0.9, number >= 5)] for number in range(50)}
    report = report_calibration("rules@1", outcomes)
    assert report.before is not None
    assert (report.after, report.calibration.kind) == (None, "temperature")
    assert "after calibration" in report.not_measured


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_the_ends_of_the_scale_count(score):
    outcomes = {f"r{number}": [(score, number % 3 == 0)] * 2 for number in range(60)}
    found = report_calibration("rules@1", outcomes).before
    assert found.ece_equal_width.value == pytest.approx(abs(score - 1 / 3), abs=0.01)
    assert (found.bins_equal_mass, found.bins_equal_width) == (1, 1)


@pytest.mark.parametrize("entities", [100, 600])
def test_a_calibration_comes_back_from_its_file_as_it_was(entities):
    random = Random(2)
    made = calibrate((score, random.random() < score**2) for score in (random.random() for _ in range(entities)))
    again = Calibration.model_validate_json(made.model_dump_json())
    scores = [0.0, 0.1, 0.5, 0.77, 1.0]
    assert again.read(scores) == made.read(scores)
    assert all(0 <= value <= 1 for value in made.read(scores))
    assert made.read([]) == []
    assert made.read([0.9])[0] > made.read([0.2])[0]


def test_a_layer_has_calibrated_scores_where_it_has_scores():
    text = "fever and cough"
    entities = (
        Entity.at(text, 0, 5, "signs_symptoms", id="a", score=0.9),
        Entity.at(text, 10, 15, "signs_symptoms", id="b"),
    )
    layer = Layer(record_id="r", name="rules", author="rules@1", entities=entities)
    made = Calibration(kind="isotonic", learned_from=600, points=((0.0, 0.0), (1.0, 0.5)))
    assert [entity.score for entity in made.of_layer(layer).entities] == [0.45, None]
    assert Calibration(kind="raw", learned_from=3).of_layer(layer) is layer


def test_an_evaluation_gives_the_figures_of_the_same_scores(scheme: Scheme) -> None:
    chance = Random(3)
    tally, outcomes = DocumentTally(), {}
    for number in range(20):
        marks = [(start, chance.random(), chance.random() < 0.5) for start in range(0, 60, 6)]
        gold, predicted = (
            Layer(
                record_id=str(number),
                name=name,
                author=name,
                entities=tuple(
                    Entity(
                        id=str(start),
                        category="age",
                        text="x",
                        fragments=(Fragment(start=start, end=start + (4 if name == "gold" or is_right else 3)),),
                        score=None if name == "gold" else score,
                    )
                    for start, score, is_right in marks
                ),
            )
            for name in ("gold", "found")
        )
        outcomes[str(number)] = [(score, is_right) for _, score, is_right in marks]
        tally.add(str(number), confidence_counts(gold, predicted, scheme=scheme))
    found, expected = confidence_scores(tally), reliability(outcomes)
    assert found is not None
    assert (found.entities, found.ece) == (200, pytest.approx(expected.ece_equal_width.value))
    assert found.brier == pytest.approx(expected.brier.value)
    assert found.ece_interval == pytest.approx(expected.ece_equal_width.interval)
    assert found.brier_interval == pytest.approx(expected.brier.interval)


def test_entities_without_scores_have_no_confidence(scheme: Scheme) -> None:
    tally = DocumentTally()
    layer = Layer(record_id="r", name="gold", author="gold")
    tally.add("r", confidence_counts(layer, None, scheme=scheme))
    assert confidence_scores(tally) is None

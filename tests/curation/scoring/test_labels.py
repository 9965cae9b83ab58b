"""Accuracy, macro F1 and each value's precision, recall and F1, against scikit-learn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from curation.record import Layer
from curation.scheme import DocumentLabel, Scheme
from curation.scoring.labels import LabelScores, score_labels

VALUES = ("current", "past", "never")
SCHEME = Scheme(name="s", labels=(DocumentLabel(name="smoking", values=VALUES),))


def layers(values: list[str | None], name: str) -> list[Layer]:
    return [
        Layer(record_id=f"r{number}", name=name, author=name, labels={"smoking": value} if value else {})
        for number, value in enumerate(values)
    ]


def scored(gold: list[str | None], predicted: list[str | None]) -> LabelScores:
    return score_labels(layers(gold, "gold"), layers(predicted, "rules"), scheme=SCHEME)["smoking"]


def test_what_is_missing_counts_as_wrong_and_what_gold_lacks_is_left_out():
    found = scored(["current", "past", "never", None], ["current", None, "current", "past"])
    assert (found.records, found.missing, found.without_gold) == (3, 1, 1)
    assert found.accuracy == pytest.approx(1 / 3)
    current = found.per_value["current"]
    assert (current.precision, current.recall, current.f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert found.per_value["past"].recall == 0.0
    assert list(found.per_value) == ["current", "past", "never"]
    assert found.macro_f1 == pytest.approx(2 / 9)


def test_a_record_without_a_predicted_layer_has_no_value():
    (found,) = score_labels(layers(["past", "past"], "gold"), layers(["past"], "rules"), scheme=SCHEME).values()
    assert (found.records, found.missing, found.accuracy) == (2, 1, 0.5)


def test_without_gold_there_is_nothing_to_measure():
    found = scored([None], ["past"])
    assert (found.accuracy, found.macro_f1, found.records) == (None, None, 0)
    assert score_labels([], [], scheme=SCHEME)["smoking"].records == 0


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)), min_size=1, max_size=30))
def test_the_figures_are_those_of_scikit_learn(pairs):
    gold, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = scored(list(gold), list(predicted))
    assert found.accuracy == pytest.approx(accuracy_score(gold, predicted))
    labels = sorted(set(gold))
    expected = f1_score(gold, predicted, labels=labels, average=None, zero_division=0.0)
    assert [found.per_value[value].f1 for value in labels] == pytest.approx(list(expected))
    assert found.macro_f1 == pytest.approx(sum(expected) / len(labels))


@given(st.lists(st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)), min_size=1, max_size=30))
def test_micro_and_the_confusion_matrix_are_those_of_scikit_learn(pairs):
    gold, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    found = scored(list(gold), list(predicted))
    assert found.micro.f1 == pytest.approx(f1_score(gold, predicted, average="micro"))
    matrix = confusion_matrix(gold, predicted, labels=VALUES).tolist()
    ours = [[found.confusion.get(row, {}).get(column, 0) for column in VALUES] for row in VALUES]
    assert ours == matrix


def test_a_missing_value_has_a_column_of_its_own_and_costs_micro_recall():
    found = scored(["current", "past", "past"], ["past", None, "past"])
    assert found.confusion == {"current": {"past": 1}, "past": {"past": 1, "": 1}}
    assert (found.micro.precision, found.micro.recall, found.micro.f1) == (1 / 2, 1 / 3, 2 / 5)


def test_intervals_hold_the_figures_and_are_seeded():
    gold = [VALUES[number % 3] for number in range(60)]
    predicted = [VALUES[(number + (number % 5 == 0)) % 3] for number in range(60)]
    found = scored(list(gold), list(predicted))
    for value, interval in ((found.accuracy, found.accuracy_interval), (found.macro_f1, found.macro_f1_interval)):
        assert interval is not None
        assert interval[0] < value < interval[1]
    assert found == scored(list(gold), list(predicted))
    assert scored([], []).accuracy_interval is None

"""Agreement on verdicts, ratings and document labels: by hand, and by a library."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from annotation.agreement.choices import ChoiceCollector, RecordAnswers, choice_agreement, questions
from annotation.agreement.settings import AgreementSettings
from curation.scheme import DocumentLabel

PLAIN = AgreementSettings(minimum_records=1, resamples=0)
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def answered(*rows, days=0):
    """A record for each row; the letters are the answers of a, b, c, a dot being none."""
    return [
        RecordAnswers(
            record_id=f"r{number}",
            answers={name: letter for name, letter in zip("abc", row, strict=False) if letter != "."},
            at=dict.fromkeys("abc", START + timedelta(days=days * number)),
        )
        for number, row in enumerate(rows)
    ]


def test_percent_and_alpha_by_hand():
    found = choice_agreement(answered("xx", "xy", "yy"), PLAIN)
    assert found.answers == {"x": 3, "y": 3}
    assert found.overall.percent.value == pytest.approx(2 / 3)
    assert found.overall.alpha.value == pytest.approx(1 - (2 / 6) / (18 / 30))
    assert found.differing == ("r1",)
    # Cohen: a says x twice and y once, b x once and y twice; by chance 2/3 * 1/3 + 1/3 * 2/3.
    assert found.per_pair["a & b"].kappa.value == pytest.approx((2 / 3 - 4 / 9) / (1 - 4 / 9))
    assert found.per_pair["a & b"].alpha == found.overall.alpha


def test_a_person_is_compared_with_the_others_and_not_they_with_each_other():
    found = choice_agreement(answered("xyy", "xx."), PLAIN)
    assert found.overall.percent.value == 2 / 4
    assert {name: one.percent.value for name, one in found.per_person.items()} == {"a": 1 / 3, "b": 2 / 3, "c": 1 / 2}


def test_ratings_have_an_order_and_missing_ones_do_not_count():
    import krippendorff

    rows = ["123", "22.", "4.5", "554", "11.", "3.2", "444", "25."]
    data = [[float(row[rater]) if row[rater] != "." else np.nan for row in rows] for rater in range(3)]
    found = choice_agreement(answered(*rows), PLAIN, level="ordinal")
    theirs = krippendorff.alpha(reliability_data=data, level_of_measurement="ordinal")
    assert found.overall.alpha.value == pytest.approx(theirs, abs=1e-12)
    assert choice_agreement(answered(*rows), PLAIN).overall.alpha.value < found.overall.alpha.value
    tens = [RecordAnswers("r", {"a": "10", "b": "9"}, dict.fromkeys("ab", START))]
    assert list(choice_agreement(tens, PLAIN, level="ordinal").answers) == ["9", "10"]


def test_weeks_are_told_apart():
    found = choice_agreement(answered("xx", "xy", days=7), PLAIN)
    assert {week: one.percent.value for week, one in found.per_week.items()} == {"2026-W10": 1, "2026-W11": 0}


def test_too_few_records_are_withheld():
    few = choice_agreement(answered("xx", "xy", "yy"), AgreementSettings()).overall.alpha
    assert (few.value, few.note) == (None, "withheld: 3 records, fewer than 5")


def test_answers_are_found_in_layers(reviews, scheme):
    smoking = DocumentLabel(name="smoking", values=("current", "never"))
    asked = questions(scheme.model_copy(update={"labels": (smoking,)}))
    said = {"human:anna": ("accept", 4, "never"), "human:ben": ("fix", 5, "never"), "rules": ("accept", 1, "current")}
    one = reviews(anna="[fever]{diagnosis}", ben="[fever]{diagnosis}")
    (layer, _) = one.layers.values()
    layers = {
        name: layer.model_copy(
            update={
                "name": name,
                "labels": {"smoking": label},
                "provenance": {"verdict": verdict, "quality": quality},
            }
        )
        for name, (verdict, quality, label) in said.items()
    }
    choices = ChoiceCollector(asked)
    choices.add(type(one)(one.record, layers))
    found = choices.measured(PLAIN)
    assert {name: (each.level, each.overall.percent.value) for name, each in found.items()} == {
        "verdict": ("nominal", 0),
        "quality": ("ordinal", 0),
        "label: smoking": ("nominal", 1),
    }
    # All say the same one thing: chance would as well.
    assert found["label: smoking"].overall.alpha.note == "undefined: nothing to divide by"

"""Paired differences against every swap tried, against hand work, and where there is nothing to compare."""

from __future__ import annotations

from itertools import product
from random import Random

import numpy as np
import pytest

from curation.record import Layer
from curation.scheme import DocumentLabel, Scheme
from curation.scoring.entities import Resampling, figures
from curation.scoring.facts import fact_counts
from curation.scoring.labels import label_counts
from curation.scoring.means import means
from curation.scoring.paired import Comparison, PairedDifference, PairedTallies, compare

MANY = Resampling(resamples=4_000)

Counted = tuple[int, int, int]


def compared(*documents: tuple[Counted, Counted], resampling: Resampling = MANY) -> Comparison:
    """Two sides whose counts of each document are these, each a patient's only one."""
    tallies = PairedTallies()
    for number, (a, b) in enumerate(documents):
        tallies.add(str(number), figures("strict", {"age": a}), figures("strict", {"age": b}))
    return compare(tallies, resampling=resampling)


def total(found: Comparison, table: str = "strict") -> PairedDifference:
    return next(row for row in found.totals if row.table == table)


def test_the_probability_is_that_of_all_swaps() -> None:
    random = Random(5)
    documents = [((random.randint(0, 4), 5, 5), (random.randint(1, 5), 5, 5)) for _ in range(8)]
    found = total(compared(*documents))
    assert found.a is not None
    assert found.b is not None

    def difference(swaps: tuple[int, ...]) -> float:
        first = sum(pair[swap][0] for pair, swap in zip(documents, swaps, strict=True))
        second = sum(pair[1 - swap][0] for pair, swap in zip(documents, swaps, strict=True))
        return (second - first) / 40

    observed = difference((0,) * 8)
    assert found.difference == pytest.approx(observed)
    exact = np.mean([abs(difference(swaps)) >= abs(observed) - 1e-12 for swaps in product((0, 1), repeat=8)])
    assert found.p == pytest.approx(exact, abs=0.025)


def test_sides_that_are_the_same_differ_by_nothing() -> None:
    found = total(compared(*[((number % 3, 4, 4), (number % 3, 4, 4)) for number in range(12)]))
    assert (found.difference, found.interval, found.p) == (0, (0, 0), 1)


def test_a_side_that_is_better_everywhere_is_better_by_more_than_chance() -> None:
    found = total(compared(*[((1, 4, 4), (3, 4, 4)) for _ in range(20)]))
    assert found.difference == pytest.approx(0.5)
    assert found.interval == pytest.approx((0.5, 0.5))
    assert found.p == pytest.approx(1 / 4_001)
    worse = total(compared(*[((3, 4, 4), (1, 4, 4)) for _ in range(20)]))
    assert (worse.difference, worse.p) == (pytest.approx(-0.5), found.p)


def test_a_single_patient_and_none_prove_nothing() -> None:
    one = total(compared(((1, 4, 4), (3, 4, 4))))
    assert (one.difference, one.interval, one.p) == (pytest.approx(0.5), None, None)
    assert compared() == Comparison(documents=0, groups=0, totals=(), rows=())


def test_documents_of_a_patient_are_swapped_together() -> None:
    tallies = PairedTallies()
    for number in range(12):
        a, b = (figures("strict", {"age": (matched, 4, 4)}) for matched in (1, 3))
        tallies.add(str(number % 2), a, b)
    found = total(compare(tallies, resampling=MANY))
    # Of the four ways to swap two patients, two give a difference as large.
    assert found.p == pytest.approx(1 / 2, abs=0.05)


def test_a_figure_that_one_side_does_not_have_has_no_difference() -> None:
    tallies = PairedTallies()
    for number in range(5):
        tallies.add(str(number), means("bertscore f1", {"age": 0.5}), {})
    (found,) = compare(tallies).totals
    assert (found.a, found.b, found.difference, found.p) == (0.5, None, None, None)


def test_means_are_compared_by_their_sums() -> None:
    tallies = PairedTallies()
    for number in range(10):
        a, b = (means("rougeL", {"age": value, "gender": None}) for value in (0.25, 0.75))
        tallies.add(str(number), a, b)
    found = compare(tallies)
    assert total(found, "rougeL").difference == pytest.approx(0.5)
    assert [(row.row, row.difference) for row in found.rows] == [("age", pytest.approx(0.5))]


def test_the_rows_of_a_table_are_adjusted_for_their_number() -> None:
    tallies = PairedTallies()
    random = Random(1)
    for number in range(30):
        rows = {"age": ((1, 4, 4), (4, 4, 4)), "gender": ((2, 4, 4), (2 + random.randint(0, 1), 4, 4))}
        rows["diagnosis"] = ((random.randint(0, 4), 4, 4), (random.randint(0, 4), 4, 4))
        sides = [{name: pair[side] for name, pair in rows.items()} for side in (0, 1)]
        tallies.add(str(number), *(figures("strict", side) for side in sides))
    rows = sorted(compare(tallies).rows, key=lambda row: row.p or 1)
    plain = [row.p or 0 for row in rows]
    by_hand = [min(1, plain[0] * 3), min(1, max(plain[0] * 3, plain[1] * 2)), 0.0]
    by_hand[2] = min(1, max(by_hand[1], plain[2]))
    assert [row.p_adjusted for row in rows] == pytest.approx(by_hand)


def test_labels_rates_and_ages_are_compared_too(scheme: Scheme) -> None:
    labelled = Scheme(name="s", labels=(DocumentLabel(name="smoking", values=("yes", "no")),))
    tallies = PairedTallies()
    absent = dict.fromkeys(scheme.names, "N/A")
    for number in range(10):
        gold, wrong = (
            Layer(record_id=str(number), name="x", author="x", labels={"smoking": value}) for value in ("yes", "no")
        )
        views = {**absent, "age": "54"}, {**absent, "age": "45", "diagnosis": "gout"}
        a, b = (
            {
                **label_counts(gold, layer, scheme=labelled),
                **fact_counts(views[0], view, scheme=scheme, language="en"),
            }
            for layer, view in ((gold, views[0]), (gold if number % 2 else wrong, views[1]))
        )
        tallies.add(str(number), a, b)
    found = compare(tallies)
    differences = {row.table: (row.a, row.b) for row in found.totals}
    assert differences["label smoking accuracy"] == (1, 0.5)
    assert differences["label smoking macro F1"] == (1, pytest.approx(2 / 3))
    assert differences["invention rate"] == (0, pytest.approx(1 / (len(scheme.names) - 1)))
    assert [(row.a, row.b) for row in found.rows if row.table == "person"] == [(1, 0)]


def test_the_interval_holds_the_difference_and_the_draws_are_seeded() -> None:
    random = Random(2)
    documents = [((random.randint(0, 4), 5, 5), (random.randint(1, 5), 5, 5)) for _ in range(40)]
    first, second = total(compared(*documents)), total(compared(*documents))
    assert first == second
    assert first.interval is not None
    assert first.interval[0] < (first.difference or 0) < first.interval[1]

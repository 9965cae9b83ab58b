"""F1 and kappa of two, worked out by hand, and by other libraries on a simulated study."""

from __future__ import annotations

import pytest

from annotation.agreement.comparisons import compare
from annotation.agreement.estimate import Figure, figure
from annotation.agreement.pairs import pairwise
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import Study
from curation.scoring.kappa import cohen
from curation.scoring.units import units_of

#: No minimum and no intervals: the cases by hand are small.
PLAIN = AgreementSettings(minimum_records=1, minimum_entities=1, resamples=0)

ANNA = "A [54-year-old]{age} [woman]{gender} had [high fever]{signs_symptoms} and no [cough]{signs_symptoms negated}."
BEN = "A [54-year-old]{age} [woman]{gender} had high [fever]{signs_symptoms} and no [cough]{diagnosis}."


def test_f1_by_hand(reviews, scheme):
    found = pairwise([reviews(anna=ANNA, ben=BEN)], scheme, PLAIN)
    # Anna has four marks, Ben four. Strictly equal: age and gender. Leniently also the fever, which overlaps.
    assert found.overall.strict == Figure(value=2 * 2 / (4 + 4), records=1, support=8)
    assert found.overall.lenient == Figure(value=2 * 3 / (4 + 4), records=1, support=8)
    # Anna has two symptoms, Ben one: strictly 0 in common, leniently 1.
    symptoms = found.overall.per_category["signs_symptoms"]
    assert (symptoms.strict.value, symptoms.lenient.value) == (0, 2 * 1 / (2 + 1))
    # Macro: age 1, gender 1, symptoms 0, diagnosis 0.
    assert found.overall.strict_macro == (1 + 1 + 0 + 0) / 4
    assert list(found.overall.per_category) == ["age", "gender", "signs_symptoms", "diagnosis"]
    assert list(found.per_pair) == ["human:anna & human:ben"]
    assert list(found.per_person) == ["human:anna", "human:ben"]


def test_kappa_by_hand(reviews, scheme):
    found = pairwise([reviews(anna=ANNA, ben=BEN)], scheme, PLAIN).overall
    # Tokens: A | 54 - year - old | woman | had | high fever | and | no | cough | .   that is 14.
    units = units_of("A 54-year-old woman had high fever and no cough.", "token")
    assert len(units) == 14
    # The same label on all but `high` (symptom, nothing) and `cough` (symptom, diagnosis): 12 of 14.
    # Anna: age 5, gender 1, symptom 3, nothing 5. Ben: age 5, gender 1, symptom 1, diagnosis 1, nothing 6.
    observed, expected = 12 / 14, (5 * 5 + 1 * 1 + 3 * 1 + 5 * 6) / 14**2
    assert found.kappa.value == pytest.approx((observed - expected) / (1 - expected))
    assert found.kappa.support == 14
    # Symptoms alone: both 1 token, only Anna 2, only Ben 0, neither 11.
    observed, expected = 12 / 14, (3 * 1 + 11 * 13) / 14**2
    assert found.per_category["signs_symptoms"].kappa.value == pytest.approx((observed - expected) / (1 - expected))


def test_the_assertion_counts_when_asked_for(reviews, scheme):
    one = reviews(anna="No [fever]{signs_symptoms negated}.", ben="No [fever]{signs_symptoms}.")
    assert pairwise([one], scheme, PLAIN).overall.strict.value == 1
    exact = pairwise([one], scheme, PLAIN.model_copy(update={"assertion": True})).overall
    assert (exact.strict.value, exact.lenient.value, exact.per_category["signs_symptoms"].strict.support) == (0, 0, 2)


def test_overlapping_marks_are_a_label_of_their_own(reviews, scheme):
    study = Study.of([reviews(anna="[fever]{diagnosis}", ben="[fever]{diagnosis}")], scheme.names, PLAIN)
    nested = study.labels.code(frozenset({("diagnosis", ""), ("pathology", "")}))
    assert nested == 2
    assert study.labels.members(["diagnosis", "pathology"]).tolist() == [[False, False], [True, False], [True, True]]


def test_a_figure_over_too_few_records_is_withheld(reviews, scheme):
    four = [reviews(anna=f"Case {n}: [fever]{{diagnosis}}", ben=f"Case {n}: [fever]{{diagnosis}}") for n in range(4)]
    few = pairwise(four, scheme, AgreementSettings()).overall
    assert few.strict == Figure(records=4, support=8, note="withheld: 4 records, fewer than 5")
    five = [*four, reviews(anna="Case 5: [cough]{diagnosis}", ben="Case 5: [cough]{diagnosis}")]
    enough = pairwise(five, scheme, AgreementSettings()).overall
    assert (enough.strict.value, enough.strict.interval) == (1, (1, 1))
    sparse = pairwise(five, scheme, AgreementSettings(minimum_entities=11)).overall
    assert sparse.per_category["diagnosis"].strict.note == "withheld: 10 marks, fewer than 11"


def test_records_that_one_alone_has_seen_do_not_count(reviews, scheme):
    found = pairwise([reviews(anna="[fever]{diagnosis}"), reviews(anna=ANNA, ben=BEN)], scheme, PLAIN)
    assert found.overall.records == 1
    assert pairwise([reviews(anna=ANNA)], scheme, PLAIN).overall.strict == Figure(note="nothing to compare")


def test_a_person_is_compared_with_all_others(reviews, scheme):
    clara = "A 54-year-old [woman]{gender} had high fever and no cough."
    found = pairwise([reviews(anna=ANNA, ben=BEN, clara=clara)], scheme, PLAIN)
    # Anna with Ben: 2 of 4 and 4; Anna with Clara: 1 of 4 and 1.
    assert found.per_person["human:anna"].strict.value == 2 * (2 + 1) / (4 + 4 + 4 + 1)
    assert found.overall.strict.value == 2 * (2 + 1 + 1) / (4 + 4 + 4 + 1 + 4 + 1)
    assert (found.overall.records, found.overall.strict.support) == (1, 18)


def test_kappa_of_a_person_is_the_same_from_either_side(reviews, scheme):
    study = Study.of([reviews(anna=ANNA, ben=BEN)], scheme.names, PLAIN)
    rows = compare(study)
    turned = rows.seen_from("human:ben")
    assert turned.pairs == (("human:ben", "human:anna"),)
    assert (turned.units[0] != rows.units[0]).any()
    assert figure(turned.unit_tally(), cohen, PLAIN) == figure(rows.unit_tally(), cohen, PLAIN)
    assert turned.seen_from("human:anna").units.tolist() == rows.units.tolist()
    assert turned.seen_from("human:anna").marks.tolist() == rows.marks.tolist()


def test_what_chance_alone_would_give_is_undefined(reviews, scheme):
    found = pairwise([reviews(anna="[fever]{diagnosis}", ben="[fever]{diagnosis}")], scheme, PLAIN).overall
    assert (found.kappa.value, found.kappa.note) == (None, "undefined: nothing to divide by")


def test_intervals_are_seeded_and_hold_the_value(simulated, scheme):
    study = simulated(10)
    first, again = (pairwise(study, scheme, AgreementSettings(seed=1)).overall.kappa for _ in range(2))
    assert first == again
    low, high = first.interval
    assert low < first.value < high
    assert first.interval != pairwise(study, scheme, AgreementSettings(seed=2)).overall.kappa.interval


def test_characters_in_place_of_tokens(reviews, scheme):
    found = pairwise(
        [reviews(anna="[ab]{age} c", ben="[a]{age}b c")], scheme, PLAIN.model_copy(update={"unit": "character"})
    )
    # a and c agree, b does not; Anna: age 2, nothing 1; Ben: age 1, nothing 2.
    observed, expected = 2 / 3, (2 * 1 + 1 * 2) / 9
    assert found.overall.kappa.value == pytest.approx((observed - expected) / (1 - expected))
    assert found.overall.kappa.support == 3


def test_marks_agree_with_nervaluate_and_a_matching_of_scipy(simulated, scheme):
    from review_parts import agreement_libraries as peers

    study = simulated(20)
    for pair, ours in pairwise(study, scheme, PLAIN).per_pair.items():
        sides = peers.sides(study, pair)
        assert ours.strict.value == pytest.approx(peers.sets_strict(*sides), abs=1e-12)
        assert ours.lenient.value == pytest.approx(peers.scipy_lenient(*sides), abs=1e-12)
        clear = peers.unambiguous(study, pair)
        again = pairwise(clear, scheme, PLAIN).per_pair[pair]
        assert again.strict.support > 0.8 * ours.strict.support
        theirs = peers.nervaluate_f1(*peers.sides(clear, pair), scheme.names)
        assert {"strict": again.strict.value, "lenient": again.lenient.value} == pytest.approx(theirs, abs=1e-12)


def test_kappa_agrees_with_sklearn(simulated, scheme):
    from review_parts import agreement_libraries as peers

    study = simulated(20)
    for pair, ours in pairwise(study, scheme, PLAIN).per_pair.items():
        one, other = peers.token_labels(study, pair)
        assert ours.kappa.value == pytest.approx(peers.sklearn_kappa(one, other), abs=1e-12)
        for category, figures in ours.per_category.items():
            theirs = peers.sklearn_kappa([category in label for label in one], [category in label for label in other])
            assert figures.kappa.value == pytest.approx(theirs, abs=1e-12)

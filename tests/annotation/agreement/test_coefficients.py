"""Fleiss' kappa, Krippendorff's alpha and alpha for unitising: published examples, cases by hand, other libraries."""

from __future__ import annotations

import numpy as np
import pytest

from annotation.agreement.alpha import alpha_of, coincidences, nominal, nominal_cells, nominal_counts
from annotation.agreement.coefficients import overall_agreement
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import Study
from annotation.agreement.unitising import disagreements, unitised
from curation.scoring.kappa import fleiss, fleiss_cells, fleiss_counts

PLAIN = AgreementSettings(minimum_records=1, minimum_entities=1, resamples=0)

#: Thirty patients, six psychiatrists, five diagnoses: how many chose each (Fleiss 1971, table 1).
FLEISS_1971 = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
""".split()


def raters(table):
    """One coding of the units for each rater, from how many chose each label."""
    rows = [[label for label, count in enumerate(row) for _ in range(int(count))] for row in table]
    return np.array(rows, dtype=np.int32).T


def test_fleiss_kappa_is_that_of_its_paper():
    codes = raters(FLEISS_1971)
    assert codes.shape == (6, 30)
    counts = fleiss_counts(codes, 5)
    assert (counts[2:] / 30).round(3).tolist() == [0.144, 0.144, 0.167, 0.306, 0.239]
    assert round(float(counts[0] / 30), 3) == 0.556
    assert round(float(fleiss(counts)), 3) == 0.430
    by_label = fleiss(fleiss_cells(codes[..., None] == np.arange(5)))
    # The paper: .245 .245 .520 .471 .566
    assert by_label == pytest.approx([0.245, 0.245, 0.520, 0.471, 0.566], abs=6e-4)


def test_alpha_by_hand():
    # Two people, three units: a a | a b | b b. Of the six values three are a and three are b.
    codes = np.array([[0, 0, 1], [0, 1, 1]], dtype=np.int32)
    # Disagreeing coincidences: 2 of 6; expected: 2 * 3 * 3 of 6 * 5.
    assert nominal(nominal_counts(codes, 2)) == pytest.approx(1 - (2 / 6) / (18 / 30))
    assert nominal(nominal_cells(codes[..., None] == np.arange(2))) == pytest.approx([1 - 5 / 9] * 2)
    whole = sum(coincidences(unit, 2) for unit in codes.T)
    assert alpha_of("nominal")(whole) == pytest.approx(1 - 5 / 9)


@pytest.mark.parametrize("level", ["nominal", "ordinal"])
def test_alpha_is_that_of_the_library_with_values_missing(level):
    import krippendorff

    draw = np.random.default_rng(7)
    truth = draw.integers(0, 4, size=60)
    said = np.where(draw.random((4, 60)) < 0.7, truth, draw.integers(0, 4, size=(4, 60))).astype(float)
    said[draw.random((4, 60)) < 0.3] = np.nan
    ours = sum(coincidences([int(one) for one in unit if not np.isnan(one)], 4) for unit in said.T)
    theirs = krippendorff.alpha(reliability_data=said, level_of_measurement=level, value_domain=list(range(4)))
    assert float(alpha_of(level)(ours)) == pytest.approx(theirs, abs=1e-12)


def test_alpha_for_unitising_is_that_of_the_book():
    """Krippendorff 2004, section 11.6: 300 units from 150 on, two observers, categories c and k."""

    def at(*stretches):
        return [(start - 150, start - 150 + length) for start, length in stretches]

    c = disagreements([at((225, 70), (370, 30)), at((220, 80), (355, 20), (400, 20))], 300)
    k = disagreements([at((180, 60), (300, 50))] * 2, 300)
    assert [round(one / 300**2, 4) for one in (*c, *k)] == [0.0144, 0.0532, 0, 0.0490]
    assert unitised(np.array([c, k])) == pytest.approx([0.7286, 1], abs=1e-4)
    # The book: .8591, from rounded figures.
    assert float(unitised(np.array([c, k]).sum(axis=0))) == pytest.approx(0.8591, abs=5e-4)


def test_alpha_for_unitising_by_hand():
    # A text of ten, Anna marks 2-4, Ben 3-5: they overlap, each end is off by one, from either side.
    observed, expected = disagreements([[(2, 4)], [(3, 5)]], 10)
    assert observed == (2 + 2) / 2
    # Gaps of Anna: 2 and 6, of Ben: 3 and 5; two marks of two: (2 - 1) / 3 * (16 - 12 + 2) + 4 * (1 + 5 + 2 + 4).
    assert expected == pytest.approx(2 * 10 * 2 * (6 / 3 + 4 * 12) / (20 * 19 - 2 * 2 * 1))
    # Nobody marks anything: nothing to disagree about, and nothing to agree about.
    assert disagreements([[], []], 10) == (0, 0)
    # One marks what the other leaves out, in a gap: both sides of the pair see it.
    assert disagreements([[(2, 4)], []], 10)[0] == 2 * 2**2 / (2 * 1)


def test_marks_of_one_person_that_overlap_are_one_stretch(reviews, scheme):
    one = reviews(anna="[high fever]{signs_symptoms} today", ben="[high]{signs_symptoms} [fever]{signs_symptoms} today")
    assert overall_agreement(Study.of([one], scheme.names, PLAIN)).overall.unitised.value < 1
    same = reviews(anna="[fever]{diagnosis} today", ben="[fever]{diagnosis} today")
    assert overall_agreement(Study.of([same], scheme.names, PLAIN)).overall.unitised.value == 1


def test_everybody_at_once_by_hand(reviews, scheme):
    one = reviews(anna="[fever]{diagnosis} today", ben="[fever]{diagnosis} today", clara="[fever today]{diagnosis}")
    found = overall_agreement(Study.of([one], scheme.names, PLAIN))
    # Fever: three of three; today: Clara alone, so one pair of three agrees. Diagnosis 4 of 6, nothing 2.
    observed, expected = (1 + 1 / 3) / 2, (4 / 6) ** 2 + (2 / 6) ** 2
    assert found.overall.fleiss.value == pytest.approx((observed - expected) / (1 - expected))
    # Alpha: of six values two disagree with two others each, weighted by one half: o = 2; expected 2 * 4 * 2 / 5.
    assert found.overall.alpha.value == pytest.approx(1 - 2 / (2 * 4 * 2 / 5))
    assert found.per_category["diagnosis"].fleiss.value == pytest.approx(found.overall.fleiss.value)
    assert found.per_category["diagnosis"].alpha.value == pytest.approx(found.overall.alpha.value)
    assert (found.records, found.overall.alpha.support, found.overall.unitised.support) == (1, 2, 3)
    # Without Clara the others agree wholly.
    assert found.without["human:clara"].alpha.value == 1
    assert found.without["human:anna"].alpha.value < 1


def test_alpha_and_fleiss_on_tokens_are_those_of_other_libraries(simulated, scheme):
    from review_parts import agreement_libraries as peers

    reviewed = simulated(20)
    found = overall_agreement(Study.of(reviewed, scheme.names, PLAIN))
    people = ["human:anna", "human:ben", "human:clara"]
    labels = [[label for one in reviewed for label in peers.labels_of(one, name)] for name in people]
    assert found.overall.alpha.value == pytest.approx(peers.krippendorff_alpha(labels), abs=1e-12)
    assert found.overall.fleiss.value == pytest.approx(peers.plain_fleiss(labels), abs=1e-12)
    for category, ours in found.per_category.items():
        said = [[category in label for label in row] for row in labels]
        assert ours.alpha.value == pytest.approx(peers.krippendorff_alpha(said), abs=1e-12)
        assert ours.fleiss.value == pytest.approx(peers.plain_fleiss(said), abs=1e-12)
    expected = peers.plain_unitised(reviewed, people, scheme.names)
    assert found.overall.unitised.value == pytest.approx(expected, abs=1e-12)


def test_intervals_hold_the_values(simulated, scheme):
    found = overall_agreement(Study.of(simulated(12), scheme.names, AgreementSettings(resamples=200)))
    for one in (found.overall.fleiss, found.overall.alpha, found.overall.unitised):
        low, high = one.interval
        assert low < one.value < high

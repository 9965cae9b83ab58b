"""What two say differently, mark by mark."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.agreement.differences import MarkDifference, confusions, differences, kinds
from annotation.agreement.pairs import pairwise
from annotation.agreement.settings import AgreementSettings
from annotation.agreement.study import ReviewedRecord
from curation.record import Entity, Layer, Record


def compared(reviews, anna, ben, **options):
    return differences(*reviews(anna=anna, ben=ben).layers.values(), **options)


def told(one):
    """The kind, and for each side the category and the offsets."""
    sides = [(mark.category, mark.spans) if mark else None for mark in (one.one, one.other)]
    return (one.kind, *sides)


def test_each_kind_of_difference_by_hand(reviews):
    found = compared(
        reviews,
        "[54-year-old]{age} [high fever]{signs_symptoms} and [cough]{diagnosis}, [no pain]{diagnosis}, [rash]{age}",
        "[54-year-old]{age} high [fever]{signs_symptoms} and [cough]{pathology}, no [pain]{pathology}, rash",
    )
    assert (found.one, found.other, found.same) == ("human:anna", "human:ben", 1)
    assert [told(one) for one in found.differences] == [
        ("boundary", ("signs_symptoms", ((12, 22),)), ("signs_symptoms", ((17, 22),))),
        ("category", ("diagnosis", ((27, 32),)), ("pathology", ((27, 32),))),
        ("category and boundary", ("diagnosis", ((34, 41),)), ("pathology", ((37, 41),))),
        ("only", ("age", ((43, 47),)), None),
    ]
    assert kinds([found]) == {"only": 1, "category": 1, "boundary": 1, "category and boundary": 1}
    assert confusions([found]) == {("diagnosis", "pathology"): 2, ("", "age"): 1}


def test_the_nearest_kin_are_paired(reviews):
    found = compared(reviews, "[a b]{age} [c]{age}", "[a b]{gender} [c]{age}")
    assert [told(one)[0] for one in found.differences] == ["category"]
    # The one that shares most is the same mark moved; the other stands alone.
    moved = compared(reviews, "[one two three]{age} four", "[one]{age} [two three four]{age}")
    assert [told(one) for one in moved.differences] == [
        ("only", None, ("age", ((0, 3),))),
        ("boundary", ("age", ((0, 13),)), ("age", ((4, 18),))),
    ]


def test_an_assertion_counts_when_asked_for(reviews):
    marked = ("[fever]{signs_symptoms negated}", "[fever]{signs_symptoms}")
    assert compared(reviews, *marked).same == 1
    (only,) = compared(reviews, *marked, assertion=True).differences
    assert (only.kind, only.one.assertion, only.other.assertion) == ("assertion", "negated", "present")


TEXT = "abcdefghij"
marks = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 3), st.sampled_from(["age", "gender"])), max_size=5, unique=True
)


@given(marks, marks)
def test_every_mark_is_told_once_and_sames_are_those_of_strict_f1(scheme, ours, theirs):
    record = Record(id="r", group="r", source="test", language="en", text=TEXT)
    layers = {
        f"human:{name}": Layer(
            record_id="r",
            name=f"human:{name}",
            author="x",
            entities=tuple(
                Entity.at(TEXT, start, min(10, start + width), category, id=str(number))
                for number, (start, width, category) in enumerate(said)
            ),
        )
        for name, said in (("anna", ours), ("ben", theirs))
    }
    found = differences(*layers.values())
    sides = [{(one.category, one.spans) for one in layer.entities} for layer in layers.values()]
    told_of = [[mark for one in found.differences if (mark := getattr(one, side))] for side in ("one", "other")]
    assert [found.same + len(told) for told in told_of] == [len(side) for side in sides]
    assert found.same == len(sides[0] & sides[1])
    strict = pairwise(
        [ReviewedRecord(record, layers)], scheme, AgreementSettings(minimum_records=1, resamples=0)
    ).overall.strict.value
    total = sum(map(len, sides))
    assert strict == (pytest.approx(2 * found.same / total) if total else None)
    again = differences(*reversed(layers.values()))
    assert [flipped(one) for one in again.differences] == list(found.differences)


def flipped(one):
    return MarkDifference(kind=one.kind, one=one.other, other=one.one)

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from curation.sets.split import Member, divide, tie_together

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def test_groups_translations_and_near_duplicates_hang_together():
    members = [
        Member("a", "p1"),
        Member("b", "p1"),
        Member("c", "p2", translation_of="b"),
        Member("d", "p3"),
        Member("e", "p4"),
        Member("f", "p5"),
        Member("g", "p6", translation_of="gone"),
        Member("h", "p7", translation_of="gone"),
    ]
    bundles = tie_together(members, clusters=[["c", "d"], ["e", "not selected"]])
    assert sorted(bundles) == [["a", "b", "c", "d"], ["e"], ["f"], ["g", "h"]]


def test_one_patient_in_two_spellings_is_one_group():
    members = [Member("a", "101"), Member("b", "101.0"), Member("c", " M\u00fcller"), Member("d", "Mu\u0308ller"),
               Member("e", "1010")]  # fmt: skip
    assert sorted(tie_together(members)) == [["a", "b"], ["c", "d"], ["e"]]


def test_shares_are_met_and_the_seed_decides():
    bundles = [[str(number)] for number in range(150)]
    placed = divide(bundles, {"train": 0.8, "validation": 0.0, "test": 0.2}, seed=1)
    assert Counter(placed.values()) == {"train": 120, "test": 30}
    assert placed == divide(reversed(bundles), {"train": 0.8, "validation": 0.0, "test": 0.2}, seed=1)
    assert placed != divide(bundles, {"train": 0.8, "validation": 0.0, "test": 0.2}, seed=2)


@given(st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 29)), max_size=30), st.integers())
def test_no_tie_is_ever_cut(rows, seed):
    members = [
        Member(str(number), f"g{group}", None if of is None else str(of)) for number, (group, of) in enumerate(rows)
    ]
    placed = divide(tie_together(members), SHARES, seed=seed)
    assert set(placed) == {member.id for member in members}
    for member in members:
        for other in members:
            if member.group == other.group or member.translation_of == other.id:
                assert placed[member.id] == placed[other.id]

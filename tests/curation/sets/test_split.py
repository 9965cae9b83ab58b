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


def test_each_stratum_is_divided_by_the_shares_and_bundles_stay_whole():
    bundles = [[f"{stratum}{number}"] for stratum in "abc" for number in range(10)] + [["a-1", "c-1"]]
    strata = {id: id[0] for ids in bundles for id in ids}
    placed = divide(bundles, SHARES, seed=3, strata=strata)
    for stratum in "abc":
        counts = Counter(placed[id] for id in placed if strata[id] == stratum)
        assert counts["train"] in (7, 8, 9), counts
        assert counts["validation"] in (1, 2)
        assert counts["test"] in (1, 2)
    assert placed["a-1"] == placed["c-1"]
    assert placed == divide(reversed(bundles), SHARES, seed=3, strata=strata)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=60), st.integers())
def test_no_stratum_is_further_from_its_share_than_two_records(given_strata, seed):
    strata = {str(number): stratum for number, stratum in enumerate(given_strata)}
    placed = divide([[id] for id in strata], SHARES, seed=seed, strata=strata)
    for stratum, size in Counter(strata.values()).items():
        for split, share in SHARES.items():
            found = sum(placed[id] == split and strata[id] == stratum for id in strata)
            assert abs(found - share * size) <= 2


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

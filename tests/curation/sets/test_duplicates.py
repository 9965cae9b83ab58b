from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.sets.duplicates import Match, find_duplicates, near_duplicates, normalised, sketch

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONG = (
    "The boy fell from a tree on his way home and could not move his left arm; in the emergency room the "
    "wrist was swollen and tender, an X-ray showed a fracture of the radius, and it was put in plaster for "
    "four weeks, after which he could use the hand as before and needed no further visits to the clinic."
)


def _notes(count: int, *, words: int, seed: int) -> list[list[str]]:
    chance = random.Random(seed)
    vocabulary = ["".join(chance.choices(LETTERS, k=7)) for _ in range(2_000)]
    return [chance.choices(vocabulary, k=words) for _ in range(count)]


def test_case_white_space_and_unicode_form_do_not_make_another_text() -> None:
    texts = [
        ("a", "Fever\r\nfor two  days, Übelkeit."),
        ("b", "fever for two days, U\u0308belkeit. "),
        ("c", "Cough"),
    ]
    found = find_duplicates(texts)
    assert found.clusters() == [("a", "b")]
    # Both are as long once normalised, so the first is kept.
    assert found.matches() == {"b": Match("a", 1.0, exact=True)}


def test_a_changed_number_is_no_exact_duplicate() -> None:
    assert find_duplicates([("a", "1.5 mg daily"), ("b", "15 mg daily")]).clusters() == []


def test_the_longest_is_kept_unless_another_is_preferred() -> None:
    texts = [
        ("short", LONG),
        ("long", f"{LONG} He is well."),
        ("other", "She came with a rash on both legs."),
    ]
    found = find_duplicates(texts)
    (match,) = found.matches().items()
    assert match[0] == "short"
    assert match[1].keeper == "long"
    assert not match[1].exact
    assert match[1].similarity == pytest.approx(54 / 57, abs=0.08)
    assert list(found.matches({"short": 1})) == ["long"]
    assert list(found.matches({"long": -1})) == ["long"]


def test_nothing_is_like_an_empty_text() -> None:
    assert find_duplicates([("a", ""), ("b", " \n"), ("c", ""), ("d", "?!"), ("e", "...")]).clusters() == []
    assert near_duplicates([]) == []


def test_a_near_duplicate_is_like_its_keeper_itself() -> None:
    (words,) = _notes(1, words=120, seed=5)
    chain = [" ".join(words[start : start + 100]) for start in (0, 8, 16)]
    found = find_duplicates([(str(place), text) for place, text in enumerate(chain)], threshold=0.75)
    assert found.clusters() == [("0", "1", "2")]
    kept = {str(place) for place in range(3)} - set(found.matches())
    assert all(match.keeper in kept for match in found.matches().values())
    assert all(match.similarity >= 0.75 for match in found.matches().values())


def test_every_planted_near_duplicate_is_found_and_nothing_else() -> None:
    chance = random.Random(1)
    notes = _notes(400, words=150, seed=2)
    texts = [(f"n{place}", " ".join(words)) for place, words in enumerate(notes)]
    for place, words in enumerate(notes[:200]):
        edited = list(words)
        edited[chance.randrange(150)] = "changed"
        texts.append((f"e{place}", " ".join(edited)))
    chance.shuffle(texts)
    clusters = near_duplicates(texts)
    assert {frozenset(cluster) for cluster in clusters} == {
        frozenset({f"n{place}", f"e{place}"}) for place in range(200)
    }


def test_the_estimate_is_near_the_true_similarity() -> None:
    for shared in (20, 50, 80, 95):
        (words,) = _notes(1, words=200, seed=shared)
        texts = [" ".join(words[:100]), " ".join(words[100 - shared : 200 - shared])]
        both = sketch(texts)
        # Runs of three words: 98 in each text, shared - 2 in both.
        true = (shared - 2) / (2 * 98 - (shared - 2))
        assert (both[0] == both[1]).mean() == pytest.approx(true, abs=0.15)


def test_a_large_text_and_odd_characters_do_no_harm() -> None:
    odd = [
        ("a", "x" * 1_000_000),
        ("b", "fieber " * 150_000),
        ("c", "\u202e\u200b\x07 👩‍⚕️"),
        ("d", "\ud800 lone"),
    ]
    assert near_duplicates(odd) == []


@given(st.lists(st.text(max_size=30), max_size=12), st.randoms())
def test_clusters_do_not_depend_on_the_order(texts: list[str], chance: random.Random) -> None:
    named = [(str(place), text) for place, text in enumerate(texts)]
    mixed = chance.sample(named, len(named))
    straight = {frozenset(cluster) for cluster in near_duplicates(named)}
    assert straight == {frozenset(cluster) for cluster in near_duplicates(mixed)}
    together = [
        {id for id, text in named if normalised(text) == form} for form in {normalised(t) for t in texts} if form
    ]
    assert all(any(group <= cluster for cluster in straight) for group in together if len(group) > 1)


@pytest.mark.data
def test_the_copies_in_real_notes_are_found(shared_data: Path) -> None:
    lines = (shared_data / "mtsamples" / "mtsamples.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [(str(row["note_id"]), row["transcription"] or "") for row in map(json.loads, lines)]
    found = find_duplicates(texts)
    empty = [id for id, text in texts if not text.strip()]
    assert (len(texts), len(empty), len(found.groups)) == (4_999, 33, 2_357)
    # Two more differ in punctuation alone: those, too, are found, as near-duplicates.
    letters = {re.sub(r"\W+", "", text).lower() for _, text in texts} - {""}
    kept = len(texts) - len(empty) - len(found.matches())
    assert kept <= len(letters) == 2_355
    assert kept > 2_300

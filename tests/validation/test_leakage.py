"""A held-out record that the other side gives away is found, by the way in which it does."""

from __future__ import annotations

from functools import partial
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.embeddings.encoder import load_encoder
from curation.record import Record
from validation.leakage import RUN_WORDS, Leak, LeakKind, find_leaks
from validation.measures.semantic.leaks import find_retellings


def words(start: int, count: int) -> str:
    """So many words that no other start gives."""
    return " ".join(f"word{number}" for number in range(start, start + count))


def note(id: str, text: str, *, group: str = "", translation_of: str | None = None) -> Record:
    return Record(id=id, group=group or id, source="test", language="en", text=text, translation_of=translation_of)


def leaks(held: list[Record], seen: list[Record], **options: float) -> tuple[Leak, ...]:
    return find_leaks(held, lambda: seen, **options).leaks


def test_what_has_nothing_in_common_leaks_nothing() -> None:
    found = find_leaks([note("a", words(0, 40)), note("b", "")], lambda: [note("c", words(100, 40)), note("d", "")])
    assert found.leaks == ()
    assert (found.held, found.seen, found.short) == (2, 2, 0)


def test_the_same_text_is_found_whatever_its_case_and_blanks() -> None:
    assert leaks([note("a", "No fever.")], [note("b", "no  FEVER.\n")]) == (Leak("a", "b", LeakKind.SAME_TEXT),)


def test_a_record_that_stands_on_both_sides_is_the_same_text() -> None:
    record = note("a", "No fever.")
    found = find_leaks([record], lambda: [record])
    assert found.ways == {
        "same text": 1,
        "near-duplicate": 0,
        "passages": 0,
        "other words": "not asked",
        "translation": 0,
        "group": 1,
    }


def test_a_changed_word_leaves_a_near_duplicate() -> None:
    text = words(0, 120)
    found = {leak.way: leak for leak in leaks([note("a", text.replace("word60", "other"))], [note("b", text)])}
    assert set(found) == {LeakKind.NEAR_DUPLICATE, LeakKind.PASSAGES}
    assert found[LeakKind.NEAR_DUPLICATE].share > 0.8


def test_two_records_of_one_text_leak_both() -> None:
    held = [note("a", "No fever."), note("b", "No fever.")]
    assert [leak.record for leak in leaks(held, [note("c", "No fever.")])] == ["a", "b"]


def test_a_section_of_a_longer_note_is_found_by_its_passages() -> None:
    long = note("note", f"{words(0, 300)} {words(1000, 30)} {words(400, 300)}")
    assert leaks([note("section", words(1000, 30))], [long]) == (Leak("section", "note", LeakKind.PASSAGES, 1.0),)


def test_an_abstract_is_found_in_its_sentences() -> None:
    sentences = [note(f"s{number}", words(number * 20, 20)) for number in range(5)]
    (leak,) = leaks([note("abstract", words(0, 100))], sentences)
    assert (leak.way, leak.other) == (LeakKind.PASSAGES, "s0")
    # Each sentence of 20 words holds 13 of the 93 runs; those across a border are lost.
    assert leak.share == pytest.approx(5 * 13 / 93, abs=1e-3)


def test_the_record_that_gives_most_away_is_named() -> None:
    seen = [note("little", words(0, 20)), note("much", words(10, 80)), note("some", words(60, 30))]
    assert [leak.other for leak in leaks([note("a", words(0, 100))], seen)] == ["much"]


@pytest.mark.parametrize(("share", "found"), [(0.49, 1), (0.51, 0)])
def test_the_share_of_passages_is_the_callers(share: float, found: int) -> None:
    # 100 runs, of which the other side has 50.
    held, seen = note("a", words(0, 107)), note("b", words(0, 57))
    assert len(leaks([held], [seen], passages=share)) == found


def test_a_patient_spelled_otherwise_is_found() -> None:
    held = [note("a", words(0, 20), group="101.0"), note("b", words(100, 20), group="Mu\u0308ller")]
    seen = [note("c", words(200, 20), group="101"), note("d", words(300, 20), group="M\u00fcller ")]
    assert find_leaks(held, lambda: seen).ways["group"] == 2


def test_groups_and_translations_are_found_without_a_word_in_common() -> None:
    held = [
        note("a", words(0, 20), group="patient"),
        note("b", words(100, 20), translation_of="original"),
        note("c", words(200, 20)),
        note("d", words(300, 20), translation_of="absent"),
    ]
    seen = [
        note("e", words(400, 20), group="patient"),
        note("original", words(500, 20)),
        note("f", words(600, 20), translation_of="c"),
        note("g", words(700, 20), translation_of="absent"),
    ]
    assert leaks(held, seen) == (
        Leak("b", "original", LeakKind.TRANSLATION),
        Leak("c", "f", LeakKind.TRANSLATION),
        Leak("d", "g", LeakKind.TRANSLATION),
        Leak("a", "e", LeakKind.GROUP),
    )


@pytest.mark.model
def test_a_case_told_in_other_words_is_asked_for_unless_its_text_is_there() -> None:
    told = "A 67-year-old man had chest pain. Troponin was 840 ng/L, blood pressure 152/94 mmHg."
    retold = "Blood pressure was 152/94 mmHg and troponin 840 ng/L. Chest pain in a sixty-seven-year-old male."
    other = told.replace("67", "58").replace("840", "415").replace("152/94", "138/82")
    held = [note("a", told), note("b", retold), note("c", other), note("d", words(0, 40)), note("e", "")]
    search = partial(find_retellings, encoder=load_encoder(), minimum=0.55)
    found = find_leaks(held, lambda: [note("x", told), note("y", words(50, 40)), note("z", " ")], retellings=search)
    assert {(leak.record, leak.way) for leak in found.leaks if leak.way is not LeakKind.PASSAGES} == {
        ("a", LeakKind.SAME_TEXT),
        ("b", LeakKind.OTHER_WORDS),
    }
    (leak,) = (leak for leak in found.leaks if leak.way is LeakKind.OTHER_WORDS)
    assert leak.other == "x"
    assert 0.55 <= leak.share < 1


def test_texts_too_short_for_a_passage_are_counted() -> None:
    held = [note("a", words(0, RUN_WORDS - 1)), note("b", words(0, RUN_WORDS)), note("c", "  ")]
    found = find_leaks(held, lambda: [note("d", words(0, 200))])
    assert found.short == 1
    assert found.leaked == {"b"}


@given(
    held=st.lists(st.text(alphabet="ab ", max_size=60), max_size=5),
    seen=st.lists(st.text(alphabet="ab ", max_size=60), max_size=5),
)
def test_passages_are_the_runs_that_a_plain_search_finds(held: list[str], seen: list[str]) -> None:
    ours = [note(f"h{number}", text) for number, text in enumerate(held)]
    theirs = [note(f"s{number}", text) for number, text in enumerate(seen)]
    known = {run for text in seen for run in runs(text)}
    wanted = {}
    for record in ours:
        mine = runs(record.text)
        if mine and (share := float(np.mean([run in known for run in mine]))) >= 0.5:
            wanted[record.id] = round(share, 3)
    found = {leak.record: leak.share for leak in leaks(ours, theirs) if leak.way is LeakKind.PASSAGES}
    assert found == wanted


def runs(text: str) -> list[tuple[str, ...]]:
    split = text.split()
    return list(zip(*(islice(split, at, None) for at in range(RUN_WORDS)), strict=False))


@pytest.mark.parametrize("text", ["\ud800" + words(0, 20), "\x01 \u202e", "x" * 1_000_000])
def test_odd_texts_are_compared_like_others(text: str) -> None:
    found = find_leaks([note("a", text)], lambda: [note("b", text)])
    assert found.leaked == {"a"}

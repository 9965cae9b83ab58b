"""How varied texts are: rows of words, what is copied, and what is like a text of before."""

from __future__ import annotations

from curation.record import Record
from curation.sets.copied_words import CopiedWordsIndex
from curation.sets.diversity import REAL, DiversityTexts, diversity
from curation.sets.novelty import LOOSE, NoveltyIndex

STORED = "one two three four five six seven eight nine ten eleven twelve"


def test_the_longest_row_of_words_is_counted_whatever_their_case_and_marks() -> None:
    index = CopiedWordsIndex([STORED, "short"], length=5)
    assert index.longest("Zero. One, two; THREE four five six. Twenty") == 6
    assert index.longest("one two three four six seven eight nine") == 0
    assert index.longest("five six seven eight nine. one two three four five six seven") == 7
    assert index.longest(STORED, exempt=[STORED]) == 0
    assert index.longest("") == CopiedWordsIndex([], length=5).longest(STORED) == 0


def test_the_share_of_words_in_rows_of_another_text() -> None:
    index = CopiedWordsIndex([], length=3)
    assert index.share("one two three and four", STORED) == 3 / 5
    assert index.share("", STORED) == index.share("a b c", "") == 0.0


def test_texts_are_like_those_of_before_in_their_language_only() -> None:
    index = NoveltyIndex()
    assert index.nearest(STORED, "en") == 0.0
    for number in range(LOOSE + 2):
        index.add(f"{STORED} {number} {number + 1} {number + 2}", "en")
    assert index.nearest(f"{STORED.upper()} 3 4 5", "en") == 1.0
    assert index.nearest(STORED, "en") > 0.5
    assert index.nearest(STORED, "de") == index.nearest("", "en") == 0.0


def record(number: int, text: str, **meta: object) -> Record:
    return Record(id=str(number), group=str(number), source="s", language="en", text=text, meta=meta)


def test_figures_are_over_the_same_number_of_words_for_every_author() -> None:
    texts = DiversityTexts()
    texts.add(record(1, STORED, condition="gout", specialty="rheumatology"), "rules")
    texts.add(record(2, STORED.upper(), condition="gout"), "rules")
    texts.add(record(3, "a b c a b c one two three four five six"), REAL)
    made, real = diversity(texts, copied_words=6)
    assert (made.author, real.author, made.compared, real.compared) == ("rules", REAL, 12, 12)
    assert (made.distinct, real.distinct["1"], real.distinct["3"]) == ({"1": 1.0, "2": 1.0, "3": 1.0}, 0.75, 0.9)
    assert (made.near, made.copied, made.longest_copied, made.semantic) == (1, 2, 6, None)
    assert (real.copied, real.longest_copied) == (None, None)
    assert (made.conditions, made.specialties) == ({"gout": 2}, {"rheumatology": 1})

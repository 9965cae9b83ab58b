"""Words, labels, windows and paths, on texts written to trip them."""

from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path
from random import Random

import numpy as np
import pytest

from curation.embeddings.encoder import packaged_encoder_path
from curation.errors import UsageError
from curation.markup import parse_markup
from curation.record import Alignment, Entity, Fragment, wording
from curation.tagging.decoding import allowed, best_path
from curation.tagging.encoder import base_folder
from curation.tagging.labels import label_set, label_words, read_spans, stripped
from curation.tagging.windows import by_word, merged, windows
from curation.tagging.words import Pieces, Splitter

#: Emoji with joiners and variation selectors, combining marks, Windows line ends, mathematical letters.
HARD = (
    "A 🙂 [54-year-old]{age} \U0001f469\u200d\u2695\ufe0f [Fe\u0301ver\u0301]{signs_symptoms} of 38.5\u00a0°C\r\n"
    "with [Rückenschmerzen]{signs_symptoms}, [α-blocker (5mg)]{pharmacological_therapy} "
    "\U0001d518\u200bn: [na\u00efve]{diagnosis}."
)


@pytest.fixture(scope="module")
def split() -> Splitter:
    return Splitter(packaged_encoder_path() / "tokenizer.json")


def entity(category: str, text: str, *places: tuple[int, int], id: str = "T1") -> Entity:
    fragments = tuple(Fragment(start=start, end=end) for start, end in places)
    return Entity(id=id, category=category, text=wording(text, places), fragments=fragments)


def told(text: str, entities: tuple[Entity, ...], pieces: Pieces) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
    """The entities after a round trip through labels."""
    labels = label_words(entities, pieces.words).labels
    return [(one.category, one.spans) for one in read_spans(text, pieces.words, labels, [1.0] * len(labels))]


def test_labels_keep_offsets_through_emoji_marks_and_line_ends(split: Splitter) -> None:
    text, entities = parse_markup(HARD)
    (pieces,) = split([text])
    assert told(text, entities, pieces) == [(one.category, one.spans) for one in entities]
    assert not label_words(entities, pieces.words).lost
    assert all(text[start:end].strip() == text[start:end] for start, end in pieces.words)


def test_words_come_in_order_and_cover_all_but_blanks(split: Splitter) -> None:
    text, _ = parse_markup(HARD)
    (pieces,) = split([text])
    borders = [0, *(border for word in pieces.words for border in word), len(text)]
    assert borders == sorted(borders)
    outside = "".join(text[a:b] for a, b in zip(borders[::2], borders[1::2], strict=True))
    assert set(outside) <= set(" \u00a0\r\n\u200b")


def test_a_long_text_is_not_cut_by_the_packaged_tokenizer(split: Splitter) -> None:
    (pieces,) = split(["fever " * 3000])
    assert len(pieces.ids) == len(pieces.words) == 3000


def test_a_text_without_words_has_no_pieces(split: Splitter) -> None:
    assert [len(one.ids) for one in split(["", " \r\n"])] == [0, 0]


def test_a_missing_tokenizer_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="fast tokenizer"):
        Splitter(tmp_path / "tokenizer.json")


def test_discontinuous_entities_stay_whole(split: Splitter) -> None:
    text = "Left and right kidney pain with fever of the knee"
    (pieces,) = split([text])
    entities = (
        entity("diagnosis", text, (0, 4), (15, 21)),
        entity("signs_symptoms", text, (22, 26), id="T2"),
    )
    labelled = label_words(entities, pieces.words)
    assert labelled.labels[:5] == ("B-diagnosis", "O", "O", "C-diagnosis", "B-signs_symptoms")
    assert told(text, entities, pieces) == [(one.category, one.spans) for one in entities]


def test_what_labels_cannot_hold_is_counted(split: Splitter) -> None:
    text = "history of Crohn's disease, heart rate and pressure were 80 and 120, 3days"
    (pieces,) = split([text])
    at = text.index
    entities = (
        entity("medical_surgical_history", text, (0, 26)),
        entity("comorbidities", text, (11, 26), id="T2"),  # within the first
        Entity(id="T3", category="age", text="old", alignment=Alignment.NONE, alignment_score=0),
        entity("laboratory_values", text, (28, 38), (at("80"), at("80") + 2), id="T4"),
        entity("laboratory_values", text, (43, 51), (at("120"), at("120") + 3), id="T5"),  # interleaved
        entity("age", text, (at("3days"), at("3days") + 1), id="T6"),  # within a word
        entity("age", text, (26, 27), (27, 28), id="T7"),  # a comma and a blank
    )
    lost = label_words(entities, pieces.words).lost
    assert lost == {"overlapped": 1, "unplaced": 1, "rejoined": 2, "widened": 1, "between words": 1}


def test_an_i_without_a_beginning_opens_an_entity() -> None:
    spans = read_spans("ab cd ef", [(0, 2), (3, 5), (6, 8)], ["I-age", "I-age", "C-age"], [1.0, 0.5, 0.75])
    assert [(one.category, one.spans, one.score) for one in spans] == [("age", ((0, 5), (6, 8)), 0.75)]
    changed = read_spans("ab cd", [(0, 2), (3, 5)], ["B-age", "I-gender"], [1.0, 1.0])
    assert [(one.category, one.spans) for one in changed] == [("age", ((0, 2),)), ("gender", ((3, 5),))]


@pytest.mark.parametrize(
    ("wording", "kept"),
    [
        ("fever,", "fever"),
        ("(fever", "fever"),
        ("fever)", "fever"),
        ("CT (abdomen)", "CT (abdomen)"),
        ("- 5 mg p.o.", "5 mg p.o."),
        ("-5.2 mmol/L.", "-5.2 mmol/L"),
        ("38.5 °C;", "38.5 °C"),
        ("50%", "50%"),
        ("CD20+", "CD20+"),
        (" , .", None),
    ],
)
def test_punctuation_at_borders_does_not_belong_to_an_entity(wording: str, kept: str | None) -> None:
    text = f"x{wording}x"
    place = stripped(text, 1, 1 + len(wording))
    assert (text[slice(*place)] if place else None) == kept


def test_windows_cover_everything_and_overlap() -> None:
    assert windows(0, size=10, stride=2) == []
    assert windows(7, size=10, stride=2) == [(0, 7)]
    assert windows(25, size=10, stride=2) == [(0, 10), (8, 18), (15, 25)]
    assert windows(26, size=10, stride=2) == [(0, 10), (8, 18), (16, 26)]
    for length, size in product(range(1, 60), range(2, 12)):
        found = windows(length, size=size, stride=size // 2)
        assert {i for start, end in found for i in range(start, end)} == set(range(length))
        assert all(after[0] + size // 2 <= before[1] for before, after in pairwise(found))
    with pytest.raises(UsageError, match="stride"):
        windows(5, size=3, stride=3)


def test_overlapping_windows_count_by_the_distance_to_their_borders() -> None:
    left, right = np.zeros((4, 1), np.float32), np.ones((4, 1), np.float32)
    mean = merged(6, [(0, 4), (2, 6)], [left, right])
    # In the middle both windows know the pieces, the one nearer its border counts less.
    assert mean[:, 0].tolist() == pytest.approx([0, 0, 1 / 3, 2 / 3, 1, 1])


def test_scores_of_a_word_are_the_mean_of_its_pieces() -> None:
    pieces = Pieces("ab c", np.array([1, 2, 3]), np.array([0, 0, 1]), ((0, 2), (3, 4)))
    scores = np.log(np.array([[0.9, 0.1], [0.9, 0.1], [0.25, 0.75]], np.float32))
    assert np.exp(by_word(pieces, scores)) == pytest.approx(np.array([[0.9, 0.1], [0.25, 0.75]]))


LABELS = label_set(["age", "gender"], continued=["gender"])


def test_labels_of_categories() -> None:
    assert LABELS == ("O", "B-age", "I-age", "B-gender", "I-gender", "C-gender")


def test_a_path_never_goes_on_with_what_did_not_begin() -> None:
    generator = np.random.default_rng(0)
    follows = allowed(LABELS)
    for _ in range(200):
        path = best_path(generator.normal(size=(12, len(LABELS))).astype(np.float32), follows)
        for before, after in zip([0, *path], path, strict=False):
            if LABELS[after].startswith("I-"):
                assert LABELS[before].endswith(LABELS[after][1:])


def test_the_path_is_the_best_of_all_allowed_ones() -> None:
    generator, follows = np.random.default_rng(1), allowed(LABELS)
    for _ in range(20):
        scores = generator.normal(size=(4, len(LABELS))).astype(np.float32)
        best = max(
            (sum(scores[i, label] for i, label in enumerate(path)), path)
            for path in product(range(len(LABELS)), repeat=4)
            if all(follows[a, b] for a, b in zip((-1, *path), path, strict=False))
        )
        assert tuple(best_path(scores, follows)) == best[1]


def test_a_text_without_words_has_an_empty_path() -> None:
    assert len(best_path(np.zeros((0, len(LABELS)), np.float32), allowed(LABELS))) == 0


def test_random_entities_survive_the_round_trip(split: Splitter) -> None:
    random = Random(2)
    text = " ".join(["fever", "cough", "5mg", "(CT)", "Größe", "🙂", "Crohn's", "38.5", "x-ray"] * 8)
    (pieces,) = split([text])
    plain = [word for word in pieces.words if text[word[0] : word[1]].isalnum()]
    for _ in range(50):
        words = sorted(random.sample(plain, 9))
        entities = tuple(
            entity(random.choice(["age", "gender"]), text, place, id=f"T{i}") for i, place in enumerate(words)
        )
        assert told(text, entities, pieces) == [(one.category, one.spans) for one in entities]


def test_an_encoder_is_the_packaged_one_a_folder_or_refused(tmp_path: Path) -> None:
    assert base_folder("all-MiniLM-L6-v2") == packaged_encoder_path()
    with pytest.raises(UsageError, match=r"expected model\.safetensors"):
        base_folder(str(tmp_path))

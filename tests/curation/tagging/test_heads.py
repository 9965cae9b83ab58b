"""Labels of each category apart: entities that lie in each other come back whole."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest

from curation.embeddings.encoder import packaged_encoder_path
from curation.record import Alignment, Entity, Fragment, wording
from curation.tagging.decoding import allowed, best_path, marginals
from curation.tagging.heads import ALL, head_slices, heads_of, label_heads, united
from curation.tagging.labels import TaggedSpan, label_set, read_spans
from curation.tagging.words import Pieces, Splitter

TEXT = "Haemoglobin was 7.9 g/dL, then 9.1 g/dL; known type 2 diabetes since a chest CT."
LABELS = label_set(["age", "gender"], continued=["gender"])


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    (found,) = Splitter(Path(packaged_encoder_path()) / "tokenizer.json")([TEXT])
    return found


def entity(category: str, *wordings: str) -> Entity:
    places = tuple((start := TEXT.index(part), start + len(part)) for part in wordings)
    fragments = tuple(Fragment(start=start, end=end) for start, end in places)
    return Entity(id="T1", category=category, text=wording(TEXT, places), fragments=fragments)


def told(entities: list[Entity], pieces: Pieces) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
    """The entities after a round trip through the labels of each category."""
    heads = label_heads(entities, pieces.words, by_category=True)
    sure = [1.0] * len(pieces.words)
    return [
        (span.category, span.spans)
        for span in united(read_spans(TEXT, pieces.words, labelled.labels, sure) for labelled in heads.values())
    ]


@pytest.mark.parametrize(
    "entities",
    [
        [entity("comorbidities", "type 2 diabetes"), entity("medical_surgical_history", "known type 2 diabetes")],
        [entity("diagnosis", "type 2 diabetes"), entity("comorbidities", "type 2 diabetes")],
        [
            entity("laboratory_values", "Haemoglobin", "7.9 g/dL"),
            entity("laboratory_values", "Haemoglobin", "9.1 g/dL"),
        ],
        [entity("diagnosis", "type 2 diabetes"), entity("diagnosis", "diabetes"), entity("diagnosis", "2")],
        [entity("pathology", "Haemoglobin", "9.1 g/dL"), entity("pathology", "7.9 g/dL", "known")],
    ],
    ids=["nested", "same place", "shared test", "nested in one category", "crossing"],
)
def test_entities_on_the_same_words_come_back(entities: list[Entity], pieces: Pieces) -> None:
    assert sorted(told(entities, pieces)) == sorted((one.category, one.spans) for one in entities)


def test_random_entities_of_a_few_categories_come_back(pieces: Pieces) -> None:
    random, words = Random(0), pieces.words
    plain = [i for i, (start, end) in enumerate(words) if TEXT[start:end].isalnum()]
    for _ in range(100):
        entities = []
        for _ in range(8):
            first, last = sorted(random.sample(plain, 2))
            fragment = Fragment(start=words[first][0], end=words[last][1])
            category = random.choice(["age", "diagnosis", "pathology"])
            text = TEXT[fragment.start : fragment.end]
            entities.append(Entity(id="T1", category=category, text=text, fragments=(fragment,)))
        assert sorted(told(entities, pieces)) == sorted({(one.category, one.spans) for one in entities})


def test_what_no_head_holds_is_counted_once(pieces: Pieces) -> None:
    unplaced = Entity(id="T1", category="diagnosis", text="gout", fragments=(), alignment=Alignment.NONE)
    heads = label_heads(
        [unplaced, entity("diagnosis", "diabetes"), entity("diagnosis", "type 2 diabetes")],
        pieces.words,
        by_category=True,
    )
    assert sum((+labelled.lost).get("unplaced", 0) for labelled in heads.values()) == 1
    assert not any(labelled.lost["overlapped"] for labelled in heads.values())
    assert len(heads) == 2


def test_labels_stand_head_after_head() -> None:
    met = [(("gender", 0), "B-gender"), (("age", 1), "B-age"), (("age", 0), "C-age"), (("age", 0), "B-age")]
    heads = heads_of(met, ("age", "gender"))
    assert list(heads) == [("age", 0), ("age", 1), ("gender", 0)]
    labels = [label for own in heads.values() for label in own]
    assert labels == ["O", "B-age", "I-age", "C-age", "O", "B-age", "I-age", "O", "B-gender", "I-gender"]
    assert head_slices(labels) == (slice(0, 4), slice(4, 7), slice(7, 10))
    assert heads_of([(ALL, "B-gender"), (ALL, "B-age")], ("age", "gender"))[ALL] == label_set(["age", "gender"])


def test_an_entity_that_two_heads_give_is_there_once_with_the_higher_score() -> None:
    low, high, other = (
        TaggedSpan("age", ((4, 6),), 0.5),
        TaggedSpan("age", ((4, 6),), 0.9),
        TaggedSpan("gender", ((0, 1),), 0.4),
    )
    assert united([[low], [high, other]]) == [other, high]


def test_a_crf_s_path_and_probabilities_are_those_of_all_paths() -> None:
    generator, follows = np.random.default_rng(1), allowed(LABELS)
    for _ in range(10):
        scores = generator.normal(size=(3, len(LABELS))).astype(np.float32)
        steps = generator.normal(size=follows.shape).astype(np.float32)
        totals = {
            path: sum(
                scores[i, label] + steps[before, label]
                for i, (before, label) in enumerate(zip((-1, *path), path, strict=False))
            )
            for path in product(range(len(LABELS)), repeat=3)
            if all(follows[a, b] for a, b in zip((-1, *path), path, strict=False))
        }
        assert tuple(best_path(scores, follows, transitions=steps)) == max(totals, key=lambda path: totals[path])
        shares = {path: np.exp(total) for path, total in totals.items()}
        expected = np.zeros(scores.shape)
        for path, share in shares.items():
            expected[range(3), path] += share / sum(shares.values())
        assert marginals(scores, follows, steps) == pytest.approx(expected, abs=1e-5)

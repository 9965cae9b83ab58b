"""Rows to learn from: what they hold, what they leave out, and how they are cut."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from curation.embeddings.encoder import packaged_encoder_path
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.tagging.words import Splitter
from training.examples import TrainingExample, epoch_batches, make_examples

Make = Callable[..., tuple[Record, Layer]]


@pytest.fixture(scope="module")
def split() -> Splitter:
    return Splitter(packaged_encoder_path() / "tokenizer.json")


def labels_of(example: TrainingExample, labels: tuple[str, ...]) -> list[str]:
    return [labels[i] for i in example.targets]


def test_every_piece_of_a_word_has_the_words_label(scheme: Scheme, annotated: Make, split: Splitter) -> None:
    pair = annotated("[Haemoptysis today]{signs_symptoms} in a [man]{gender}.")
    examples = make_examples([pair], scheme=scheme, splitter=split)
    assert examples.labels == ("O", "B-gender", "I-gender", "B-signs_symptoms", "I-signs_symptoms")
    (row,) = examples.rows
    pieces = int((row.word_of == 0).sum())
    assert pieces > 1
    assert labels_of(row, examples.labels) == [
        *["B-signs_symptoms"] * pieces,
        *("I-signs_symptoms", "O", "O", "B-gender", "O"),
    ]


def test_negated_entities_are_not_learnt(scheme: Scheme, annotated: Make, split: Splitter) -> None:
    pair = annotated("No [fever]{signs_symptoms negated}, but [cough]{signs_symptoms}.")
    examples = make_examples([pair], scheme=scheme, splitter=split)
    assert examples.entities == 1
    assert labels_of(examples.rows[0], examples.labels) == ["O", "O", "O", "O", "B-signs_symptoms", "O"]


def test_an_epoch_reads_every_piece_once_and_cuts_between_words(
    scheme: Scheme, annotated: Make, split: Splitter
) -> None:
    pairs = [annotated(f"[Haemoptysis]{{signs_symptoms}} and fever number {i}. " * (i + 1)) for i in range(9)]
    rows = make_examples(pairs, scheme=scheme, splitter=split).rows
    random = Random(0)
    epochs = [epoch_batches(rows, room=16, batch_size=4, random=random) for _ in range(2)]
    for batches in epochs:
        windows = sorted(window for batch in batches for window in batch)
        assert [(i, j) for i, start, end in windows for j in range(start, end)] == [
            (i, j) for i, row in enumerate(rows) for j in range(len(row.ids))
        ]
        assert max(end - start for _, start, end in windows) <= 16
        assert max(map(len, batches)) == 4
        for i, start, _ in windows:
            assert start == 0 or rows[i].word_of[start] != rows[i].word_of[start - 1]
    first, second = ({window for batch in epoch for window in batch} for epoch in epochs)
    assert first != second


def test_a_word_longer_than_a_window_is_cut_where_it_must(scheme: Scheme, annotated: Make, split: Splitter) -> None:
    rows = make_examples([annotated("[abcdefghijklmnopqrstuvwxyzxqzj]{age}")], scheme=scheme, splitter=split).rows
    (batch,) = epoch_batches(rows, room=4, batch_size=99, random=Random(0))
    assert sum(end - start for _, start, end in batch) == len(rows[0].ids) > 4

"""Rows to learn from: what they hold, what they leave out, and how they are cut."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
import torch

from curation.embeddings.encoder import packaged_encoder_path
from curation.record import Entity, Fragment, Layer, Record, wording
from curation.scheme import Scheme
from curation.tagging.words import Splitter
from training.examples import TrainingExample, epoch_batches, make_examples
from training.mention_swap import MentionSwap

pytestmark = pytest.mark.model

Make = Callable[..., tuple[Record, Layer]]


@pytest.fixture(scope="module")
def split() -> Splitter:
    return Splitter(packaged_encoder_path() / "tokenizer.json")


def labels_of(example: TrainingExample, labels: tuple[str, ...]) -> list[str]:
    return [labels[i] for i in example.targets[:, 0]]


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


def test_other_mentions_of_their_category_stand_in_the_place_of_entities(
    scheme: Scheme, annotated: Make, split: Splitter
) -> None:
    pairs = [
        annotated("A [man]{gender} with [fever]{signs_symptoms}, [a dry cough]{signs_symptoms} and [gout]{diagnosis}."),
        annotated("The [patient's mother]{gender} had [haemoptysis]{signs_symptoms}; no words else."),
    ]
    examples = make_examples(pairs, scheme=scheme, splitter=split)
    swap = MentionSwap(examples.rows, examples.labels, 1.0)
    known = [entity.text for _, layer in pairs for entity in layer.entities]
    seen: set[str] = set()
    torch.manual_seed(0)
    for _ in range(30):
        row = swap(examples.rows[0], 254)
        labels = labels_of(row, examples.labels)
        assert row.word_of[0] == 0
        assert set(np.diff(row.word_of)) <= {0, 1}
        opened: set[int] = set()
        found: dict[int, list[int]] = {}
        for piece, label in enumerate(labels):
            word = int(row.word_of[piece])
            if label[0] == "B" and word not in opened:
                opened.add(word)
                found[piece] = []
            if label != "O":
                found[max(found)].append(int(row.ids[piece]))
        ids = {wording: tuple(split([wording])[0].ids.tolist()) for wording in known}
        wordings = [next(text for text, own in ids.items() if own == tuple(mention)) for mention in found.values()]
        assert len(wordings) == 4
        assert wordings[0] in ("man", "patient's mother")
        assert wordings[3] == "gout"
        seen.update(wordings)
    assert {"haemoptysis", "a dry cough", "patient's mother"} <= seen


def test_what_would_not_fit_is_not_replaced_and_the_pieces_between_stay(
    scheme: Scheme, annotated: Make, split: Splitter
) -> None:
    pairs = [annotated("[Fever]{signs_symptoms}."), annotated("[Persistent unexplained cough]{signs_symptoms} x")]
    examples = make_examples(pairs, scheme=scheme, splitter=split)
    swap = MentionSwap(examples.rows, examples.labels, 1.0)
    short = examples.rows[0]
    for _ in range(10):
        assert swap(short, len(short.ids)).ids.tolist() == short.ids.tolist()
    assert {len(swap(short, 254).ids) for _ in range(20)} == {2, len(examples.rows[1].ids)}


def test_entities_in_several_pieces_or_in_each_other_keep_their_wording(scheme: Scheme, split: Splitter) -> None:
    text = "Sodium and potassium were 128 and 4 today."
    places = (((0, 6), (26, 29)), ((11, 20),))
    entities = tuple(
        Entity(
            id=f"T{number}",
            category="laboratory_values",
            text=wording(text, spans),
            fragments=tuple(Fragment(start=start, end=end) for start, end in spans),
        )
        for number, spans in enumerate(places)
    )
    record = Record(id="r", group="r", source="test", language="en", text=text)
    pair = record, Layer(record_id="r", name="gold", author="gold", entities=entities)
    examples = make_examples([pair, pair], scheme=scheme, splitter=split)
    swap = MentionSwap(examples.rows, examples.labels, 1.0)
    assert swap(examples.rows[0], 254).ids.tolist() == examples.rows[0].ids.tolist()

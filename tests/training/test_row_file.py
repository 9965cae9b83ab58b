"""Rows on disk, their batches, and what a view of them holds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest

from curation.embeddings.encoder import packaged_encoder_path
from curation.errors import UsageError
from curation.record import Layer, Record
from curation.scheme import Scheme
from curation.tagging.words import Splitter
from training.epoch_batches import epoch_batches
from training.examples import make_examples
from training.row_file import RowFile
from training.settings import TrainingSettings
from training.trainers import TRAINERS, chosen

Make = Callable[..., tuple[Record, Layer]]


@pytest.fixture(scope="module")
def split() -> Splitter:
    return Splitter(packaged_encoder_path() / "tokenizer.json")


def test_rows_come_back_also_between_two_writes(tmp_path: Path) -> None:
    rows = RowFile(tmp_path)
    rows.append((np.arange(3), np.array([-100, 2**31 - 1])))
    assert [part.tolist() for part in rows.read(0)] == [[0, 1, 2], [-100, 2**31 - 1]]
    rows.append((np.arange(0), np.arange(1)))
    assert [part.tolist() for part in rows.read(1)] == [[], [0]]
    assert [part.tolist() for part in rows.read(0)] == [[0, 1, 2], [-100, 2**31 - 1]]
    assert (len(rows), list(rows.lengths)) == (2, [3, 0])
    assert list(tmp_path.iterdir()) == [], "what holds clinical text has no name and goes with the process"


def test_batches_by_tokens_keep_to_them_with_their_padding(scheme: Scheme, annotated: Make, split: Splitter) -> None:
    pairs = [annotated("[Fever]{signs_symptoms} and cough. " * (i % 7 + 1)) for i in range(40)]
    rows = make_examples(pairs, scheme=scheme, splitter=split).rows
    batches = epoch_batches(rows, room=200, batch_size=4, batch_tokens=60, random=Random(3))
    seen = sorted(window for batch in batches for window in batch)
    assert [number for number, _, _ in seen] == list(range(40))
    sizes = [len(batch) * max(end - start for _, start, end in batch) for batch in batches]
    assert max(sizes) <= 60
    assert sum(sizes) < 1.5 * sum(end - start for _, start, end in seen)
    assert (
        len(
            epoch_batches(make_examples([], scheme=scheme, splitter=split).rows, room=9, batch_size=1, random=Random(0))
        )
        == 0
    )


def test_a_view_says_what_it_holds_loses_and_changes(scheme: Scheme, annotated: Make, split: Splitter) -> None:
    nested = annotated("[chest pain]{signs_symptoms} in a [man]{gender}")
    record, layer = nested
    inner = layer.entities[0].model_copy(
        update={
            "id": "T9",
            "category": "pathology",
            "text": "pain",
            "fragments": (layer.entities[0].fragments[0].model_copy(update={"start": 6}),),
        }
    )
    half = layer.entities[1].model_copy(
        update={
            "id": "T8",
            "text": "ma",
            "fragments": (layer.entities[1].fragments[0].model_copy(update={"end": len(record.text) - 1}),),
        }
    )
    lossy = layer.model_copy(update={"entities": (layer.entities[0], inner, half)})
    check = make_examples([(record, lossy)], scheme=scheme, splitter=split).check
    assert (check.lost, check.changed) == ({"overlapped": 1}, {"widened": 1})
    assert (check.annotations, check.oracle) == (3, pytest.approx(1 / 3))
    assert "diagnosis" in check.never_seen
    assert "gender" not in check.never_seen
    with pytest.raises(
        UsageError, match=r"all 3 annotations, 1 would be lost \(1 overlapped\).* training\.heads = \"category\""
    ):
        check.require(TrainingSettings())
    check.require(TrainingSettings(allow_lost=True))
    whole = make_examples([nested], scheme=scheme, splitter=split).check
    assert (whole.lost, whole.changed, whole.oracle) == ({}, {}, 1.0)
    whole.require(TrainingSettings())


def test_a_view_of_nothing_has_no_recall(scheme: Scheme, split: Splitter) -> None:
    check = make_examples([], scheme=scheme, splitter=split).check
    assert (check.records, check.oracle, check.lengths, check.never_seen) == (0, None, {}, scheme.names)


def test_records_that_are_cut_and_what_no_window_holds_are_counted(
    scheme: Scheme, annotated: Make, split: Splitter
) -> None:
    pairs = [annotated("[fever " + "and cough " * 9 + "and pain]{signs_symptoms} today " * 1), annotated("ab " * 40)]
    check = make_examples(pairs, scheme=scheme, splitter=split, window=14, stride=4).check
    assert (check.records, check.whole, check.cut) == (2, 0, 2)
    assert check.rows > 2
    assert check.changed == {"read in two windows": 1}
    assert check.oracle == 1.0
    assert sum(check.histogram.values()) == 2
    assert len(check.longest_records) == 2


def test_trainers_are_chosen_by_task_and_model(scheme: Scheme) -> None:
    assert chosen(TrainingSettings(), scheme) == ("entities", "tagger")
    with pytest.raises(UsageError, match=r"expected a model for the task entities .*did you mean tagger\?"):
        chosen(TrainingSettings(model="taggr"), scheme)
    with pytest.raises(UsageError, match="expected a scheme with document labels"):
        chosen(TrainingSettings(task="labels", model="classifier"), scheme)


def test_memory_does_not_grow_with_the_texts(
    scheme: Scheme, annotated: Make, split: Splitter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.row_file.BUFFER", 1 << 12)
    record, layer = annotated("[Fever]{signs_symptoms} and cough for two days in spring. " * 20)

    def many(count: int) -> Iterator[tuple[Record, Layer]]:
        for _ in range(count):
            yield record, layer

    def peak(count: int) -> int:
        tracemalloc.start()
        rows = make_examples(many(count), scheme=scheme, splitter=split).rows
        batches = epoch_batches(rows, room=100, batch_size=4, random=Random(0))
        assert sum(map(len, batches)) >= count
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(64)
    # A record of 220 pieces is 2.6 kB as numbers, and 20 times as many as Python's.
    assert peak(64 * 8) - peak(64 * 2) < 64 * 6 * 400


@pytest.mark.parametrize(("task", "model"), TRAINERS)
def test_every_trainer_has_a_line_in_the_docs(task: str, model: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "trainers.md").read_text(encoding="utf-8")
    assert any(f"`{task}`" in line and f"| `{model}` |" in line for line in page.splitlines() if line.startswith("| `"))

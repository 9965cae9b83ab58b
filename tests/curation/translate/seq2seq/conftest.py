"""A tiny Marian model that has learnt a few generated sentences by heart, with and without markers."""

from __future__ import annotations

from pathlib import Path

import pytest
from projection_parts.generated import SentencePair
from translation_trained_parts.pairs import learnt, lessons, symbols
from translation_trained_parts.training import TrainingPlan, train

from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.translator import Seq2SeqTranslator

PLAN = TrainingPlan(pieces=400, width=64, layers=1, epochs=200, minutes=1.0, batch=1_000, rate=6e-3)


@pytest.fixture(scope="session")
def known() -> list[SentencePair]:
    """The sentences that the model learns: the shortest of some generated ones."""
    return sorted(learnt(120), key=lambda pair: len(pair.source))[:16]


@pytest.fixture(scope="session")
def marian_folder(known: list[SentencePair], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model."""
    import torch

    # What is so small is slower on several processors.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return train(tmp_path_factory.mktemp("marian"), lessons(known), symbols(known), PLAN).folder
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def translator(marian_folder: Path) -> Seq2SeqTranslator:
    """The model with settings as they are."""
    return Seq2SeqTranslator("tiny", Seq2SeqSettings(path=str(marian_folder)))

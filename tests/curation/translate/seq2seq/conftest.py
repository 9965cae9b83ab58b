"""A translator with the tiny model of the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.translate.seq2seq.settings import Seq2SeqSettings
from curation.translate.seq2seq.translator import Seq2SeqTranslator


@pytest.fixture(scope="session")
def translator(marian_folder: Path) -> Seq2SeqTranslator:
    """The model with settings as they are."""
    return Seq2SeqTranslator("tiny", Seq2SeqSettings(path=str(marian_folder)))

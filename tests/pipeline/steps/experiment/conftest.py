"""A workspace with a frozen set and a tiny encoder with random weights, which learns in a moment."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from experiment_workspace import SETTINGS, filled

from curation.embeddings.encoder import packaged_encoder_path
from curation.store import Store
from pipeline.workspace import Workspace


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an encoder of one layer with the packaged one's tokenizer."""
    import torch
    from transformers import BertConfig, BertModel

    folder, packaged = tmp_path_factory.mktemp("models") / "tiny", packaged_encoder_path()
    config = BertConfig.from_pretrained(
        packaged, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    shutil.copyfile(packaged / "tokenizer.json", folder / "tokenizer.json")
    return folder


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: Path) -> Workspace:
    """Twelve records for training, of two languages, two of each patient; more for validation and test."""
    folder = tmp_path_factory.mktemp("experiments") / "w"
    shutil.copytree(tiny_encoder, folder / "models" / "tiny")
    made = Workspace.make(folder, SETTINGS)
    with made.open_store() as store:
        filled(store, 24)
    return made


@pytest.fixture
def store(workspace: Workspace) -> Iterator[Store]:
    """The workspace's store."""
    with workspace.open_store() as store:
        yield store

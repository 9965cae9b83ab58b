"""The encoder beneath a tagger: its folder, its identity, and its head.

With `folder`, the only modules that import transformers and peft.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.downloads import ALLOW
from curation.errors import MissingExtraError, UsageError
from curation.model_config import check_config
from curation.quiet_libraries import quiet
from curation.tagging.words import Splitter

#: The encoder that is installed with the product.
PACKAGED = "all-MiniLM-L6-v2"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"


def base_folder(name: str, *, download: bool = False) -> Path:
    """The folder of an encoder: the packaged one, a folder, or one of the Hugging Face hub.

    One of the hub is looked for in the cache of this machine, and fetched only with `download`. Raises UsageError when
    it is not there, its weights are not safetensors, its tokenizer is not a fast one, or its settings name code.
    """
    folder = _locate(name, download=download)
    for needed in (WEIGHTS, TOKENIZER, "config.json"):
        if not (folder / needed).is_file():
            raise UsageError(f"encoder {name}: expected {needed} in {folder}, found none; choose another encoder")
    check_config(folder, f"encoder {name}")
    return folder


def _locate(name: str, *, download: bool) -> Path:
    if name == PACKAGED:
        from curation.embeddings.encoder import packaged_encoder_path

        return packaged_encoder_path()
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        patterns = [WEIGHTS, "*.json", "*.txt"]
        return Path(snapshot_download(name, allow_patterns=patterns, local_files_only=not download))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise UsageError(
            f"expected {PACKAGED}, a folder, or an encoder of the Hugging Face hub, got {name!r}, "
            f"which is none {'that can be reached' if download else 'on this machine'} ({type(error).__name__}). "
            f"{ALLOW}"
        ) from error


def longest_window(folder: Path) -> int:
    """The most pieces that the encoder has positions for."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return int(config.get("max_position_embeddings", 512))


def splitter(folder: Path) -> Splitter:
    """The splitter of an encoder."""
    return Splitter(folder / TOKENIZER)


def with_head(folder: Path, labels: Sequence[str]) -> Any:
    """The encoder with a new head for these labels; nothing is fetched and no foreign code is run."""
    try:
        from transformers import AutoModelForTokenClassification
    except ImportError as error:
        raise MissingExtraError("transformers", "train") from error
    with quiet():
        return AutoModelForTokenClassification.from_pretrained(
            folder,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: i for i, label in enumerate(labels)},
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
        )


def device(name: str = "auto") -> str:
    """The device to compute on; "auto" is a GPU that torch finds, else the processor."""
    import torch

    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"

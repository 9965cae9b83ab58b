"""A language model in memory: its weights with the adapter merged, its tokenizer, and its end marks.

The only module, with its neighbours `conversion` and `sampling`, that knows transformers and peft.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import ConfigError, MissingExtraError, one_line
from curation.models.local.settings import LocalModelSettings
from curation.models.local.soft_prompt import is_soft_prompt, load_soft_prompt
from curation.quiet_libraries import quiet


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model that is ready to answer."""

    model: Any
    tokenizer: Any
    ends: frozenset[int]
    context: int
    device: str
    #: Tokens that stand before every prompt: those of a soft prompt.
    prefix: tuple[int, ...] = ()

    @property
    def vocabulary(self) -> int:
        """How many scores the model gives for each place; a tokenizer may know fewer."""
        return int(self.model.config.get_text_config().vocab_size)


def load_model(folder: Path, settings: LocalModelSettings) -> LoadedModel:
    """The model in a folder, with the adapter merged into it: the same answers, without the extra products.

    Nothing is fetched and no foreign code is run. Raises ConfigError for files that do not fit.
    """
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "transformers", "local") from error
    device = device_named(settings.device)
    dtype = getattr(torch, dtype_named(settings.dtype, device))
    prefix: tuple[int, ...] = ()
    given: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(folder, **given)
            # An adapter is merged in full precision, whatever the answers are computed with.
            first = torch.float32 if settings.adapter else dtype
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=first, use_safetensors=True, **given)
            if settings.adapter and is_soft_prompt(settings.adapter):
                prefix = load_soft_prompt(model, settings.adapter)
            elif settings.adapter:
                model = _merged(model, settings.adapter)
            model = model.to(device=device, dtype=dtype).eval()
    except (OSError, ValueError, KeyError, RuntimeError, AssertionError) as error:
        raise ConfigError(f"expected a language model in {folder} that can be loaded: {one_line(error)}") from error
    if not getattr(tokenizer, "is_fast", False):
        raise ConfigError(f"expected a fast tokenizer (tokenizer.json) in {folder}, got another")
    return loaded_model(model, tokenizer, context=settings.context, device=device, prefix=prefix)


def loaded_model(
    model: Any, tokenizer: Any, *, context: int | None, device: str, prefix: tuple[int, ...] = ()
) -> LoadedModel:
    """A model that is in memory with its tokenizer, its end marks and its context."""
    return LoadedModel(model, tokenizer, _ends(model, tokenizer), _context(model, context), device, prefix)


def device_named(name: str) -> str:
    """The device as PyTorch calls it; `auto` is a GPU where there is one. Raises ConfigError for one it lacks."""
    import torch

    found = name if name != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"expected a device that PyTorch knows on this machine, got {name!r}") from error
    return found


def dtype_named(name: str, device: str) -> str:
    """The type of numbers as PyTorch calls it; `auto` depends on the device."""
    return name if name != "auto" else "float32" if device == "cpu" else "bfloat16"


def _merged(model: Any, adapter: Path) -> Any:
    try:
        from peft import PeftModel
    except ModuleNotFoundError as error:
        raise MissingExtraError("peft", "local") from error
    return PeftModel.from_pretrained(model, adapter, local_files_only=True).merge_and_unload()


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    named = [tokenizer.eos_token_id, getattr(model.generation_config, "eos_token_id", None), model.config.eos_token_id]
    return frozenset(
        int(token) for value in named for token in (value if isinstance(value, list) else [value]) if token is not None
    )


def _context(model: Any, wished: int | None) -> int:
    known = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    if known is None:
        return wished or 4096
    if wished is not None and wished > known:
        raise ConfigError(f"expected a context of {known} tokens at most, which the model knows, got {wished}")
    return int(wished or known)

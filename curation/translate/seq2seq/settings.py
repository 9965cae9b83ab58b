"""The settings of a sequence-to-sequence model."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from curation.record import Frozen

#: A direction: the language of the text and that of its translation.
DIRECTION = re.compile(r"\w+-\w+")


class Seq2SeqSettings(Frozen):
    """A translator of transformers that runs on this machine."""

    path: str = Field(
        description="A folder of a Marian, M2M, NLLB or mBART model, or one of the Hugging Face hub (fetched once, "
        "with --allow-download); weights as safetensors only.",
        min_length=1,
    )
    revision: str | None = Field(
        None,
        description="Branch, tag or commit of a model of the hub, such as refs/pr/3: of some, only a proposed change "
        "has safetensors.",
        min_length=1,
    )
    directions: tuple[str, ...] = Field(
        (),
        description="What it translates, such as en-de; needed where a model for one direction does not say which. "
        "Where it stands, nothing else is translated.",
    )
    codes: dict[str, str] = Field(
        default_factory=dict,
        description="What the model calls a language, where that is not found, such as zho_Hans for zh.",
    )
    beams: int = Field(4, description="Translations that are followed at once; 1 is the fastest.", ge=1, le=32)
    length_penalty: float = Field(
        1.0,
        description="More than 1 prefers longer translations, less shorter ones; only with several beams.",
        ge=-5,
        le=5,
        allow_inf_nan=False,
    )
    longest: float = Field(
        3.0,
        description="Tokens of a translation for each of its source, at most (and 20 more); one that needs more is "
        "cut, and says so.",
        ge=1,
        le=20,
        allow_inf_nan=False,
    )
    markers: bool = Field(
        False,
        description="Whether it was trained with numbered markers around spans (<e0>fever</e0>) and leaves them in "
        "place; others get texts without.",
    )
    batch_tokens: int = Field(
        2048, description="Tokens that are translated side by side, padding included, with all beams of each.", ge=1
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="Numbers that it computes with: auto is float32 on a processor and bfloat16 on a GPU."
    )
    device: str = Field("auto", description="Where it runs: cpu, cuda, cuda:1; auto is a GPU where PyTorch finds one.")

    @field_validator("directions")
    @classmethod
    def _are_directions(cls, directions: tuple[str, ...]) -> tuple[str, ...]:
        for direction in directions:
            if not DIRECTION.fullmatch(direction):
                raise ValueError(f"expected two languages, such as en-de, got {direction!r}")
        return directions

"""How the next token of an answer is chosen."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from curation.record import Frozen


class Sampling(Frozen):
    """The parameters of one answer."""

    temperature: float = Field(0.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(0, ge=0)
    seed: int = 0
    max_tokens: int | None = Field(None, ge=1)


def chooser(sampling: Sampling, seed: int) -> Any:
    """A function from a row of scores, shape (vocabulary), to the token: the likeliest at temperature 0, else one by
    chance, the same for the same seed whatever else is answered beside it."""
    import torch

    if not sampling.temperature:
        return lambda scores: int(scores.argmax())
    from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    warpers = [
        TemperatureLogitsWarper(float(sampling.temperature)),
        *([TopKLogitsWarper(sampling.top_k)] if sampling.top_k else []),
        *([TopPLogitsWarper(sampling.top_p)] if sampling.top_p < 1 else []),
    ]
    generator = torch.Generator().manual_seed(seed)

    def choose(scores: Any) -> int:
        row = scores.unsqueeze(0).cpu()
        for warper in warpers:
            row = warper(None, row)
        return int(torch.multinomial(row.softmax(-1), 1, generator=generator))

    return choose

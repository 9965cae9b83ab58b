"""Whether a training would be slow since the processor has no instructions for its precision."""

from __future__ import annotations

from curation.tagging.encoder import device
from training.settings import TrainingSettings

#: What torch calls the instructions that multiply matrices in bfloat16: of Intel's and AMD's processors, and of ARM's.
BF16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")


def slow_precision(settings: TrainingSettings) -> str | None:
    """In a line, why this training is slow and what to do; None where its precision is none that is slow here."""
    if settings.precision != "bf16" or device(settings.device) != "cpu" or computes_bf16():
        return None
    return (
        'training.precision = "bf16" is many times slower than "fp32" on this processor, which has no instructions for '
        'it (AVX512-BF16, AMX or ARM\'s): set training.precision = "fp32"'
    )


def computes_bf16() -> bool:
    """Whether the processor has instructions for bfloat16."""
    import torch

    found = torch.cpu.get_capabilities()
    return any(found.get(name) for name in BF16_INSTRUCTIONS)

"""A precision that the processor has no instructions for is said before the first step, and not refused."""

from __future__ import annotations

import pytest
import torch

from training.settings import TrainingSettings
from training.slow_precision import computes_bf16, slow_precision

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("precision", "device", "computes", "is_said"),
    [
        ("bf16", "cpu", False, True),
        ("bf16", "cpu", True, False),
        ("fp32", "cpu", False, False),
        ("bf16", "cuda", False, False),
    ],
)
def test_only_a_slow_precision_is_said(
    precision: str, device: str, computes: bool, is_said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.slow_precision.computes_bf16", lambda: computes)
    line = slow_precision(TrainingSettings(precision=precision, device=device))  # type: ignore[arg-type]
    assert (line is not None) == is_said
    assert line is None or line.endswith('set training.precision = "fp32"')


@pytest.mark.parametrize(
    ("capabilities", "computes"),
    [
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx2": True, "avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"neon": True, "bf16": True}, True),
        ({"neon": True, "bf16": False}, False),
    ],
)
def test_the_processor_is_asked_for_its_instructions(
    capabilities: dict[str, bool], computes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert computes_bf16() is computes

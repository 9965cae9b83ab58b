"""How a training begins: its head as it is before the first step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from training.answer_shares import answer_shares
from training.prepared_encoder import LEAST_SHARE
from training.settings import TrainingSettings


class BegunError(Exception):
    """Ends a training where its first step would be."""


def assert_begins_with_shares(
    monkeypatch: pytest.MonkeyPatch, module: str, settings: TrainingSettings, train: Callable[[], object]
) -> None:
    """That the head of a training of this module begins with the shares of the labels of its rows."""
    begun: list[list[float]] = []

    def learn(learner: Any, *_: object, **__: object) -> None:
        begun.extend((learner.model.classifier.bias.exp().tolist(), answer_shares(learner, settings)))
        raise BegunError

    monkeypatch.setattr(f"{module}.learn", learn)
    with pytest.raises(BegunError):
        train()
    head, shares = begun
    assert head == pytest.approx([max(share, LEAST_SHARE) for share in shares], rel=1e-3)

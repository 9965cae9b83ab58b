"""How far a training has come: its steps, its scores, and the best weights so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Validation:
    """The figure that chooses the epoch that is kept, and all scores beside it."""

    value: float
    scores: dict[str, JsonValue]


@dataclass
class Course:
    """The state of a training between two steps."""

    done: int = 0
    history: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)  # the mean of each epoch
    epoch_loss: float = 0.0  # summed over the steps of the epoch so far
    scores: dict[str, JsonValue] = field(default_factory=dict)
    best: dict[str, Any] = field(default_factory=dict)
    random_states: dict[str, Any] = field(default_factory=dict)  # of torch, before the next step
    spent: float = 0.0  # seconds of the processes before this one
    began: float = field(default_factory=lambda: monotonic())

    @property
    def seconds(self) -> float:
        """Seconds since its first step, without those between an end and going on."""
        return self.spent + monotonic() - self.began

    def note(self, model: Any, validation: Validation) -> None:
        """One more epoch's score; its weights are kept where it is the best."""
        if not self.history or validation.value > max(self.history):
            self.scores = validation.scores
            self.best = {name: weight.detach().clone() for name, weight in trained_weights(model).items()}
        self.history.append(validation.value)

    def over(self, patience: int) -> bool:
        """Whether so many epochs have brought nothing better."""
        best = self.history.index(max(self.history)) if self.history else 0
        return len(self.history) - 1 - best >= patience

    def restore_best(self, model: Any) -> None:
        """The best weights, where a validation has chosen them."""
        put_weights(model, self.best)


def trained_weights(model: Any) -> dict[str, Any]:
    """The weights that are trained, by name."""
    return {name: weight for name, weight in model.named_parameters() if weight.requires_grad}


def put_weights(model: Any, weights: Mapping[str, Any]) -> None:
    """Weights by name, put into the model."""
    import torch

    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name in weights:
                weight.copy_(weights[name])

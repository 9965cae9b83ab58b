"""Several models of one kind as one: the mean of their scores."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any


class MeanModel:
    """Gives the mean of the logits of models that were trained alike with other seeds."""

    def __init__(self, models: Sequence[Any]) -> None:
        self._models = models

    @property
    def device(self) -> Any:
        """Where the models compute."""
        return self._models[0].device

    def to(self, device: Any) -> MeanModel:
        """The models on another device."""
        return MeanModel([model.to(device) for model in self._models])

    def eval(self) -> MeanModel:
        """The models ready to predict."""
        return MeanModel([model.eval() for model in self._models])

    def __call__(self, **inputs: Any) -> Any:
        """An output with the mean logits, of the shape that each of the models gives."""
        logits = [model(**inputs).logits for model in self._models]
        return SimpleNamespace(logits=sum(logits[1:], logits[0]) / len(logits))

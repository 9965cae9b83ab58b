"""Document labels by an encoder: the mean of what its head says about all pieces of a text (the same as a head on the
mean of the pieces' vectors), over as many windows as the text needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curation.adapters.pooled import logits_of
from curation.tagging.windows import windows
from curation.tagging.words import Splitter

#: Between a label's name and its value in the name of an output.
IS = "="


@dataclass(frozen=True, slots=True)
class LabelClassifier:
    """Chooses a value of each document label for texts of any length."""

    model: Any  # a transformers token-classification model with an output for each value of each label
    splitter: Splitter
    values: Mapping[str, tuple[str, ...]]  # by label, in the order of the outputs
    window: int
    batch_size: int = 16

    @property
    def room(self) -> int:
        """Pieces of text in a window."""
        return self.window - len(self.splitter.before) - len(self.splitter.after)

    def __call__(self, texts: Sequence[str]) -> list[dict[str, tuple[str, float]]]:
        """Each text's value of each label with its probability; none for a text without words."""
        import numpy as np

        pieces = self.splitter(texts)
        ranges = [windows(len(text.ids), size=self.room, stride=0) for text in pieces]
        rows = [text.ids[start:end] for text, found in zip(pieces, ranges, strict=True) for start, end in found]
        logits = iter(logits_of(self.model, self.splitter, rows, batch_size=self.batch_size))
        return [
            self._chosen(np.concatenate([next(logits) for _ in found]).mean(axis=0)) if found else {}
            for found in ranges
        ]

    def _chosen(self, outputs: Any) -> dict[str, tuple[str, float]]:
        import numpy as np

        found = {}
        first = 0
        for label, values in self.values.items():
            scores = outputs[first : first + len(values)]
            first += len(values)
            shares = np.exp(scores - np.logaddexp.reduce(scores))
            best = int(shares.argmax())
            found[label] = (values[best], round(float(shares[best]), 4))
        return found


def outputs_of(values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The names of the outputs: LABEL=VALUE."""
    return tuple(f"{label}{IS}{value}" for label, found in values.items() for value in found)

"""What is tried: other settings of the training, and other ways to read the same adapter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from curation.tagging.tagger import Tagger
from curation.tagging.windows import by_word, merged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The settings of a tagger before anything of this was tried, beside which all are measured.
BEFORE: Mapping[str, Any] = {
    "epochs": 10,
    "batch_size": 4,
    "learning_rate": 2e-3,
    "rank": 32,
    "alpha": 64,
    "masking": 0.1,
    "dropout": 0.0,
    "window": 256,
    "stride": 128,
    "full": False,
    "heads": "one",
    "crf": False,
    "replacement": 0.0,
    "members": 1,
}
TODAY = "as before"
#: At the rate of before, a CRF learnt nothing at all.
LOW: dict[str, Any] = {"learning_rate": 7e-4}
#: Trained on 60 reports with one seed, in the order in which they are run.
SCREENED: Mapping[str, dict[str, Any]] = {
    TODAY: {},
    "CRF": {"crf": True},
    "learning rate 0.0007": LOW,
    "CRF, learning rate 0.0007": {**LOW, "crf": True},
    "full tuning": {"full": True, "learning_rate": 3e-4},
    "a head for each category, CRF, learning rate 0.0007": {**LOW, "heads": "category", "crf": True},
    "the same, learning rate 0.0014": {"learning_rate": 1.4e-3, "heads": "category", "crf": True},
    "the same, 0.0007, 20 epochs": {**LOW, "heads": "category", "crf": True, "epochs": 20},
    "the same, 0.0007, entity replacement": {**LOW, "heads": "category", "crf": True, "replacement": 0.3},
    "hidden pieces 0.25": {"masking": 0.25},
    "rank 64": {"rank": 64, "alpha": 128},
    "windows of 512": {"window": 512, "stride": 256},
}
#: What is measured on the 30 reports beside the settings of before: to be set to the best of what was screened.
BEST: dict[str, Any] = {"heads": "category", "crf": True, "learning_rate": 1.4e-3}
SEEDS = (0, 1, 2)


class ProbabilityTagger(Tagger):
    """Takes the mean of the windows' probabilities, not of their logarithms."""

    def _words(
        self, pieces: Any, found: list[tuple[int, int]], scores: list[NDArray[np.float32]]
    ) -> NDArray[np.float32] | None:
        import numpy as np

        if not found:
            return None
        together = np.log(merged(len(pieces.ids), found, [np.exp(each) for each in scores]) + 1e-9)
        return np.concatenate([by_word(pieces, together[:, head]) for head in self.heads], axis=1)


def _outside(tagger: Tagger, bias: float) -> Tagger:
    """The tagger with another score of "outside"; of the same model, which is changed."""
    import torch

    with torch.no_grad():
        tagger.model.classifier.bias[0] += bias
    return tagger


def _by_probability(tagger: Tagger) -> Tagger:
    return ProbabilityTagger(tagger.model, tagger.splitter, tagger.labels, tagger.window, tagger.stride)


#: Of the adapter of TODAY, which is loaded anew for each.
READ_OTHERWISE: Mapping[str, Callable[[Tagger], Tagger]] = {
    "mean of the windows' probabilities": _by_probability,
    "windows that share 192 pieces": lambda tagger: replace(tagger, stride=192),
    "outside less likely (0.5)": lambda tagger: _outside(tagger, -0.5),
    "outside less likely (0.25)": lambda tagger: _outside(tagger, -0.25),
    "outside likelier (0.25)": lambda tagger: _outside(tagger, 0.25),
}
#: The adapter of TODAY with thresholds of each category, chosen on one half of the measured reports and measured on the
#: other, and the other way around.
CROSS_FITTED = "thresholds per class"

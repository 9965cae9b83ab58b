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
#: The best of what was screened, which is measured on the 30 reports beside the settings of before.
BEST: dict[str, Any] = {"heads": "category", "crf": True, "learning_rate": 1.4e-3}
HEADS_WITH_CRF = "the same, learning rate 0.0014"
#: Trained on 60 reports with one seed, in the order in which they are run.
SCREENED: Mapping[str, dict[str, Any]] = {
    TODAY: {},
    "CRF": {"crf": True},
    "learning rate 0.0007": LOW,
    "CRF, learning rate 0.0007": {**LOW, "crf": True},
    "full tuning": {"full": True, "learning_rate": 3e-4, "head_rate": 2e-3},
    "a head for each category, CRF, learning rate 0.0007": {**LOW, "heads": "category", "crf": True},
    HEADS_WITH_CRF: BEST,
    "the same, 0.0014, entity replacement": {**BEST, "replacement": 0.3},
    "the same, 0.0014, 20 epochs": {**BEST, "epochs": 20},
    "hidden pieces 0.25": {"masking": 0.25},
    "rank 64": {"rank": 64, "alpha": 128},
    "windows of 512": {"window": 512, "stride": 256},
}
SEEDS = (0, 1, 2)


Read = Callable[[Tagger], Tagger]


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


def _weighing(weight: float) -> Read:
    """The tagger as a training with this `outside_weight` would have left it: with a CRF the weights are the same."""

    def read(tagger: Tagger) -> Tagger:
        import numpy as np

        lighter = np.log(np.array(weight, dtype=np.float32))
        steps = tuple(np.c_[found[:, :1] + lighter, found[:, 1:]] for found in tagger.transitions)
        return replace(tagger, transitions=steps)

    return read


#: By name: of which adapter, which is loaded anew for each.
READ_OTHERWISE: Mapping[str, tuple[str, Read]] = {
    "mean of the windows' probabilities": (TODAY, _by_probability),
    "windows that share 192 pieces": (TODAY, lambda tagger: replace(tagger, stride=192)),
    "outside less likely (0.5)": (TODAY, lambda tagger: _outside(tagger, -0.5)),
    "outside less likely (0.25)": (TODAY, lambda tagger: _outside(tagger, -0.25)),
    "outside likelier (0.25)": (TODAY, lambda tagger: _outside(tagger, 0.25)),
    "a head for each category, CRF, 0.0014, outside_weight 0.8": (HEADS_WITH_CRF, _weighing(0.8)),
    "..., outside_weight 0.6": (HEADS_WITH_CRF, _weighing(0.6)),
    "..., outside_weight 0.4": (HEADS_WITH_CRF, _weighing(0.4)),
}
#: How the best adapters are read as well.
BEST_READ: tuple[str, Read] = ("outside_weight 0.6", _weighing(0.6))
#: The adapter of TODAY with thresholds of each category, chosen on one half of the measured reports and measured on the
#: other, and the other way around.
CROSS_FITTED = "thresholds per class"

"""How often each label is right in what a training by questions reads: what its head begins with."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from curation.adapters.questions import LABELS
from training.epoch_batches import EpochBatches
from training.settings import TrainingSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Rows that are enough to know the shares.
COUNTED = 2_000


class AnswerLearner(Protocol):
    """A learner of questions with answers."""

    def epoch(self, random: Random) -> EpochBatches:
        """The batches of one reading of all rows."""

    def labelled(self, batch: Any) -> tuple[Sequence[NDArray[np.int64]], Sequence[NDArray[np.int64]]]:
        """The pieces of each row of a batch, and the number of each one's label; negative where it can have none."""


def answer_shares(learner: AnswerLearner, settings: TrainingSettings) -> list[float]:
    """The share of each of LABELS in the first rows of a training; they sum to one."""
    import numpy as np

    counts = np.zeros(len(LABELS))
    rows = 0
    for batch in learner.epoch(Random(settings.seed)):
        _, labels = learner.labelled(batch)
        for row in labels:
            counts += np.bincount(row[row >= 0], minlength=len(LABELS))
        rows += len(labels)
        if rows >= COUNTED:
            break
    return [float(share) for share in counts / counts.sum()]

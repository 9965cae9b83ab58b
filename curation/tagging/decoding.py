"""The best sequence of labels that makes sense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from curation.tagging.labels import GOES_ON, OUTSIDE, category_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def allowed(labels: Sequence[str]) -> NDArray[np.bool_]:
    """Which label may follow which: an I only a label of its category. The last row is the start."""
    import numpy as np

    followers = np.ones((len(labels) + 1, len(labels)), dtype=np.bool_)
    for j, label in enumerate(labels):
        if label != OUTSIDE and label[0] == GOES_ON:
            followers[:, j] = [*(category_of(other) == category_of(label) for other in labels), False]
    return followers


def best_path(
    scores: NDArray[np.float32], follows: NDArray[np.bool_], *, transitions: NDArray[np.float32] | None = None
) -> NDArray[np.int64]:
    """The allowed sequence of labels with the highest sum of scores (Viterbi 1967).

    Scores have shape (words, labels), ``follows`` is from `allowed`. Transitions: scores of its shape for each step, as
    a CRF has learnt them. Without, where the best label of each word makes an allowed sequence, that is the answer, and
    it is found without a loop.
    """
    import numpy as np

    greedy: NDArray[np.int64] = scores.argmax(axis=1)
    if not len(scores) or (transitions is None and follows[np.r_[len(follows) - 1, greedy[:-1]], greedy].all()):
        return greedy
    barrier = np.where(follows, 0 if transitions is None else transitions, -np.inf)
    reached = scores[0] + barrier[-1]
    came_from = np.zeros(scores.shape, dtype=np.int64)
    for i in range(1, len(scores)):
        steps = reached[:, None] + barrier[:-1]
        came_from[i] = steps.argmax(axis=0)
        reached = steps.max(axis=0) + scores[i]
    path = np.empty(len(scores), dtype=np.int64)
    path[-1] = reached.argmax()
    for i in range(len(scores) - 1, 0, -1):
        path[i - 1] = came_from[i, path[i]]
    return path


def marginals(
    scores: NDArray[np.float32], follows: NDArray[np.bool_], transitions: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The probability of each label at each word under a CRF, shape (words, labels): the sums over all paths."""
    import numpy as np

    barrier = np.where(follows, transitions, -np.inf)
    before, after = np.zeros(scores.shape), np.zeros(scores.shape)
    before[0] = scores[0] + barrier[-1]
    for i in range(1, len(scores)):
        before[i] = np.logaddexp.reduce(before[i - 1][:, None] + barrier[:-1], axis=0) + scores[i]
    for i in range(len(scores) - 2, -1, -1):
        after[i] = np.logaddexp.reduce(barrier[:-1] + (scores[i + 1] + after[i + 1])[None], axis=1)
    together = before + after
    shares: NDArray[np.float32] = np.exp(together - np.logaddexp.reduce(together, axis=1, keepdims=True))
    return shares

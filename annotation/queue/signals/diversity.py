"""Diversity: texts that are unlike everything that was reviewed and everything before them (k-center greedy)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annotation.queue.signals.signal import Reason, Reasons, RecordPool

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: So many centers are chosen; a queue takes a small share of its places from them.
CENTERS = 500


def diversity(pool: RecordPool) -> Reasons:
    """The distance to the nearest text that is reviewed or chosen before (Sener and Savarese 2018)."""
    import numpy as np

    open_numbers = [
        number for number, summary in enumerate(pool.summaries) if summary.id not in pool.reviews and summary.words
    ]
    reasons = [Reason() for _ in pool.summaries]
    vectors = [pool.summaries[number].vector for number in open_numbers]
    if not open_numbers:
        return reasons
    points = np.stack([vector for vector in vectors if vector is not None])
    seen = [summary.vector for summary in pool.summaries if summary.id in pool.reviews and summary.vector is not None]
    nearest = 1 - (points @ np.stack(seen).T).max(axis=1) if seen else 1 - points @ _middle(points)
    for _ in range(min(CENTERS, len(open_numbers))):
        chosen = int(nearest.argmax())
        if nearest[chosen] <= 1e-6:
            break
        distance = float(nearest[chosen])
        reasons[open_numbers[chosen]] = Reason(distance, f"unlike the texts before it (distance {distance:.2f})")
        nearest = np.minimum(nearest, 1 - points @ points[chosen])
    return reasons


def _middle(points: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    middle = points.mean(axis=0)
    return np.asarray(middle / np.float32(max(float(np.linalg.norm(middle)), 1e-9)), dtype=np.float32)

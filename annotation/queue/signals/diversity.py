"""Diversity: texts that are unlike everything that was reviewed and everything before them (k-center greedy)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annotation.queue.signals.signal import Known, Reason, Reasons

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: So many centers are chosen; a queue takes a small share of its places from them.
CENTERS = 500


def diversity(known: Known) -> Reasons:
    """The distance to the nearest text that is reviewed or chosen before (Sener and Savarese 2018)."""
    import numpy as np

    open_ones = [number for number, one in enumerate(known.sketches) if one.id not in known.reviews and one.words]
    reasons = [Reason() for _ in known.sketches]
    vectors = [known.sketches[number].vector for number in open_ones]
    if not open_ones:
        return reasons
    points = np.stack([vector for vector in vectors if vector is not None])
    seen = [one.vector for one in known.sketches if one.id in known.reviews and one.vector is not None]
    nearest = 1 - (points @ np.stack(seen).T).max(axis=1) if seen else 1 - points @ _middle(points)
    for _ in range(min(CENTERS, len(open_ones))):
        chosen = int(nearest.argmax())
        if nearest[chosen] <= 1e-6:
            break
        distance = float(nearest[chosen])
        reasons[open_ones[chosen]] = Reason(distance, f"unlike the texts before it (distance {distance:.2f})")
        nearest = np.minimum(nearest, 1 - points @ points[chosen])
    return reasons


def _middle(points: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    middle = points.mean(axis=0)
    return np.asarray(middle / np.float32(max(float(np.linalg.norm(middle)), 1e-9)), dtype=np.float32)

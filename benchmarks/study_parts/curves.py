"""The learning curve of the cells of one set and model: what it gains between two sizes, and its power law."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from curation.scoring.labels import macro_f1
from curation.scoring.marks import f1
from training.experiments.learning_curve import CurvePoint, FittedCurve, fitted_curve


def curve_of(rows: Sequence[Mapping[str, Any]], gains: Sequence[tuple[int, int]] = ()) -> FittedCurve | None:
    """The curve of the sizes that all seeds have; None where there are none."""
    seeds: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        seeds[row["size"]].add(row["seed"])
    every = set().union(*seeds.values())
    sizes = {size for size, found in seeds.items() if found == every}
    if not sizes:
        return None
    points = [_point(row) for row in rows if row["size"] in sizes]
    return fitted_curve("F1", points, gains=[gain for gain in gains if {*gain} <= sizes])


def _point(row: Mapping[str, Any]) -> CurvePoint:
    """What the figure of a cell rests on: of labels the cells of the confusion matrix, else counts of entities."""
    import numpy as np

    size, seed, counts = row["size"], row["seed"], row["counts"]
    if "accuracy" not in row:
        return CurvePoint(size, size, seed, np.array(counts, dtype=np.float64), f1)
    pairs = sorted({tuple(pair) for pair in counts})
    cells = np.array([[pair == tuple(found) for pair in pairs] for found in counts], dtype=np.float64)
    return CurvePoint(size, size, seed, cells, partial(macro_f1, pairs=pairs))

"""Sentences of a text and of its translation put beside each other, in order: one to one, two to one, or none.

By dynamic programming over lengths (Gale and Church 1993), with the evidence of `validation.translation.evidence`
weighed by how much likelier it is between sentences of the same meaning than between others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

#: How many sentences of both sides a step takes, and its logarithmic odds before anything is looked at.
STEPS: dict[tuple[int, int], float] = {
    (1, 1): -0.1,
    (1, 0): -3.0,
    (0, 1): -3.0,
    (2, 1): -5.0,
    (1, 2): -5.0,
    (2, 2): -8.0,
    (3, 1): -8.0,
    (1, 3): -8.0,
}
#: Logarithmic odds of a key that both sides have, and of one that only one has (numbers, glossary, spelling), by
#: counts in two thirds of the shipped sample's pairs and of generated ones, rounded.
BOTH = {"#": 3.9, "=": 1.8, "~": 3.4}
ONE = {"#": -3.0, "=": -1.0, "~": -0.25}
#: One sentence beside one is never worse than this: free translations are, and leaving both alone is no better.
FREE, WORST = -4.0, -30.0
#: Characters of a translation for one of the original, the variance of that, and the most that lengths can say.
RATIO, VARIANCE, LENGTHS = 1.08, 10.0, -6.0
#: Steps off the diagonal that are looked at, beside the difference of the two sides.
BAND = 10
#: What a cosine above or below the middle is worth, where an encoder knows both languages.
COSINE, MIDDLE = 12.0, 0.5


@dataclass(frozen=True, slots=True)
class SentenceSide:
    """The sentences of one text: their evidence and their lengths in characters."""

    keys: Sequence[frozenset[str]]
    lengths: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bead:
    """Sentences of the original and those of the translation with the same meaning; one side may be empty."""

    original: range
    translation: range


def aligned(original: SentenceSide, translation: SentenceSide, cosines: Matrix | None = None) -> list[Bead]:
    """The likeliest beads, in order; every sentence is in one of them.

    cosines: of each sentence of the original with each of the translation, shape (original, translation).
    """
    rows, columns = len(original.keys), len(translation.keys)
    scores = _scores(original, translation, cosines)
    steps = [(taking, odds, scores.get(taking)) for taking, odds in STEPS.items()]
    best = [[-1e18] * (columns + 1) for _ in range(rows + 1)]
    step: list[list[tuple[int, int]]] = [[(0, 0)] * (columns + 1) for _ in range(rows + 1)]
    best[0][0] = 0.0
    band = BAND + abs(rows - columns)
    for row in range(rows + 1):
        middle = round(row * columns / rows) if rows else columns
        low, high = (0, columns) if not rows else (max(0, middle - band), min(columns, middle + band))
        here, taken = best[row], step[row]
        reaching = [
            (taking, odds, best[row - taking[0]], score_of[row - taking[0]] if score_of is not None else None)
            for taking, odds, score_of in steps
            if row >= taking[0]
        ]
        for column in range(low, high + 1):
            for taking, odds, before, more in reaching:
                left = column - taking[1]
                if left < 0:
                    continue
                score = before[left] + odds + (more[left] if more is not None else 0.0)
                if score > here[column]:
                    here[column], taken[column] = score, taking
    return _traced(step, rows, columns)


def _traced(step: Sequence[Sequence[tuple[int, int]]], row: int, column: int) -> list[Bead]:
    beads: list[Bead] = []
    while row or column:
        down, right = step[row][column]
        beads.append(Bead(range(row - down, row), range(column - right, column)))
        row, column = row - down, column - right
    return beads[::-1]


def _scores(
    original: SentenceSide, translation: SentenceSide, cosines: Matrix | None
) -> dict[tuple[int, int], list[list[float]]]:
    """By step, what evidence and lengths say for each place where it may begin."""
    keys = sorted(frozenset().union(*original.keys, *translation.keys))
    column_of = {key: number for number, key in enumerate(keys)}
    only_one = np.array([ONE[key[0]] for key in keys])
    both = np.array([BOTH[key[0]] for key in keys]) - 2 * only_one
    ours, theirs = _presence(original.keys, column_of), _presence(translation.keys, column_of)
    lefts = {count: _joined(ours, count) for count in {down for down, right in STEPS if down and right}}
    rights = {count: _joined(theirs, count) for count in {right for down, right in STEPS if down and right}}
    found: dict[tuple[int, int], list[list[float]]] = {}
    for down, right in STEPS:
        if not down or not right:
            continue
        left_side, right_side = lefts[down], rights[right]
        score = (left_side * both) @ right_side.T + (left_side @ only_one)[:, None] + (right_side @ only_one)[None, :]
        score = np.maximum(score, FREE if down == right == 1 else WORST)
        score += _by_length(_summed(original.lengths, down), _summed(translation.lengths, right))
        if cosines is not None and down == right == 1:
            score += COSINE * (cosines - MIDDLE)
        found[down, right] = score.tolist()
    return found


def _presence(keys: Sequence[frozenset[str]], column_of: dict[str, int]) -> Matrix:
    found = np.zeros((len(keys), len(column_of)))
    for row, sentence_keys in enumerate(keys):
        found[row, [column_of[key] for key in sentence_keys]] = 1.0
    return found


def _joined(presence: Matrix, count: int) -> Matrix:
    """The keys of so many sentences in a row, by the first of them."""
    rows = max(0, len(presence) - count + 1)
    joined: Matrix = np.zeros((rows, presence.shape[1]))
    for offset in range(count):
        joined = np.maximum(joined, presence[offset : offset + rows])
    return joined


def _summed(lengths: Sequence[int], count: int) -> Matrix:
    total = np.concatenate([[0.0], np.cumsum(lengths)])
    return np.asarray(total[count:] - total[:-count], dtype=np.float64) if len(lengths) >= count else np.zeros(0)


def _by_length(ours: Matrix, theirs: Matrix) -> Matrix:
    difference = theirs[None, :] - RATIO * ours[:, None]
    mean = np.maximum(1.0, (ours[:, None] + theirs[None, :]) / 2)
    return np.asarray(np.maximum(LENGTHS, -(difference**2) / (2 * VARIANCE * mean)), dtype=np.float64)


def likeness(left: frozenset[str], right: frozenset[str]) -> float:
    """The logarithmic odds that two sentences mean the same, by their evidence alone."""
    return sum(BOTH[key[0]] for key in left & right) + sum(ONE[key[0]] for key in left ^ right)

"""Other wordings in the place of entities: mentions of the same category from the training records, drawn anew in each
step, so that what stands around an entity teaches as much as its own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from curation.tagging.heads import head_slices
from curation.tagging.labels import CONTINUES, GOES_ON, OPENS, category_of
from training.examples import TrainingExample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Records that mentions are taken from, and mentions of a category that are kept.
MOST_RECORDS, MOST_MENTIONS = 2_000, 500


class MentionSwap:
    """Puts other mentions in the place of a share of the entities that are whole, in one piece and in no other one."""

    def __init__(self, rows: Sequence[TrainingExample], labels: Sequence[str], share: float) -> None:
        self._labels = [labels[head] for head in head_slices(labels)]
        self._share = share
        self._mentions: dict[str, list[TrainingExample]] = {}
        for number in range(min(len(rows), MOST_RECORDS)):
            row = rows[number]
            for category, start, end in self._ranges(row):
                mentions = self._mentions.setdefault(category, [])
                if len(mentions) < MOST_MENTIONS:
                    mentions.append(part(row, start, end))

    def __call__(self, row: TrainingExample, room: int) -> TrainingExample:
        """The row with other mentions, of at most so many pieces."""
        import numpy as np
        import torch

        pieces: list[TrainingExample] = []
        done, length = 0, len(row.ids)
        for category, start, end in self._ranges(row):
            if float(torch.rand(())) >= self._share:
                continue
            mentions = self._mentions[category]
            mention = mentions[int(torch.randint(len(mentions), ()))]
            longer = len(mention.ids) - (end - start)
            if length + longer > room:
                continue
            pieces += [part(row, done, start), mention]
            done, length = end, length + longer
        pieces.append(part(row, done, len(row.ids)))
        words: list[NDArray[np.int64]] = []
        first = 0
        for piece in pieces:
            words.append(piece.word_of - piece.word_of[:1].sum() + first)
            first = int(words[-1][-1]) + 1 if len(piece.ids) else first
        return TrainingExample(
            np.concatenate([piece.ids for piece in pieces]),
            np.concatenate([piece.targets for piece in pieces]),
            np.concatenate(words),
        )

    def _ranges(self, row: TrainingExample) -> Iterator[tuple[str, int, int]]:
        """Category and range of pieces of each entity in one piece that no other one touches, in order."""
        found: list[tuple[str, int, int]] = []
        marked: Any = (row.targets > 0).sum(axis=1)
        for number, labels in enumerate(self._labels):
            given = [labels[target] for target in row.targets[:, number]]
            parted = {category_of(label) for label in given if label[0] == CONTINUES}
            for start, label in enumerate(given):
                category = category_of(label)
                opens = label[0] == OPENS and (start == 0 or row.word_of[start] != row.word_of[start - 1])
                if not opens or category in parted:
                    continue
                end = start + 1
                while end < len(given) and (
                    row.word_of[end] == row.word_of[end - 1] or given[end] == f"{GOES_ON}-{category}"
                ):
                    end += 1
                if (marked[start:end] == 1).all():
                    found.append((category, start, end))
        yield from sorted(found, key=lambda each: each[1])


def part(row: TrainingExample, start: int, end: int) -> TrainingExample:
    """A range of the pieces of a row."""
    return TrainingExample(row.ids[start:end], row.targets[start:end], row.word_of[start:end])

"""The windows of texts read by an encoder in batches of like length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from curation.tagging.tagger import padded
from curation.tagging.words import Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def by_length(rows: Sequence[NDArray[np.int64]], batch_size: int) -> Iterator[list[int]]:
    """The numbers of the rows, those of like length together, so that little is computed for padding."""
    ordered = sorted(range(len(rows)), key=lambda number: len(rows[number]), reverse=True)
    for start in range(0, len(ordered), batch_size):
        yield ordered[start : start + batch_size]


def logits_of(
    model: Any, splitter: Splitter, rows: Sequence[NDArray[np.int64]], *, batch_size: int
) -> list[NDArray[np.float32]]:
    """The head's outputs for each row's pieces, shape (pieces, outputs), without those of the special pieces."""
    import numpy as np
    import torch

    first = len(splitter.before)
    found: list[NDArray[np.float32]] = [np.empty((0, 0), dtype=np.float32)] * len(rows)
    for numbers in by_length(rows, batch_size):
        ids, mask = (tensor.to(model.device) for tensor in padded([rows[number] for number in numbers], splitter))
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask).logits.float().cpu().numpy()
        for place, number in enumerate(numbers):
            found[number] = logits[place, first : first + len(rows[number])]
    return found

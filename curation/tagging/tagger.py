"""An encoder with a head that labels word pieces, as a function from texts to entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from curation.record import Entity, Fragment, wording
from curation.tagging.decoding import allowed, best_path, marginals
from curation.tagging.heads import head_slices, united
from curation.tagging.labels import OUTSIDE, TaggedSpan, category_of, read_spans
from curation.tagging.windows import by_word, merged, windows
from curation.tagging.words import Pieces, Splitter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tagger:
    """Labels texts of any length, window by window."""

    model: Any  # a transformers token-classification model
    splitter: Splitter
    labels: tuple[str, ...]
    window: int  # pieces in a window, the special ones included
    stride: int  # pieces that neighbouring windows share
    batch_size: int = 16
    #: Scores of each step from label to label, of each head, where a CRF has learnt them; the last row is the start.
    transitions: tuple[NDArray[np.float32], ...] = ()
    #: What is added to the scores of a category's labels when the best ones are looked for (thresholds per class).
    biases: Mapping[str, float] = field(default_factory=dict)

    @property
    def heads(self) -> tuple[slice, ...]:
        """Where the labels of each head stand."""
        return head_slices(self.labels)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that it can give, each once."""
        return tuple({category_of(label): None for label in self.labels if label != OUTSIDE})

    @property
    def room(self) -> int:
        """Pieces of text in a window."""
        return self.window - len(self.splitter.before) - len(self.splitter.after)

    def __call__(self, texts: Sequence[str]) -> list[list[TaggedSpan]]:
        """The entities of each text, in the order of the text."""
        return [self.spans(pieces, scores) for pieces, scores in self.scores(texts)]

    def scores(self, texts: Sequence[str]) -> list[tuple[Pieces, NDArray[np.float32] | None]]:
        """Each text's words and their labels' log-probabilities (None for a text without words)."""
        texts_pieces = self.splitter(texts)
        ranges = [windows(len(pieces.ids), size=self.room, stride=self.stride) for pieces in texts_pieces]
        jobs = [(i, start, end) for i, found in enumerate(ranges) for start, end in found]
        read: dict[tuple[int, int, int], NDArray[np.float32]] = {}
        for batch in self._batches(jobs):
            rows = [texts_pieces[i].ids[start:end] for i, start, end in batch]
            read.update(zip(batch, self._read(rows), strict=True))
        return [
            (pieces, self._words(pieces, found, [read[i, start, end] for start, end in found]))
            for i, (pieces, found) in enumerate(zip(texts_pieces, ranges, strict=True))
        ]

    def _batches(self, jobs: list[tuple[int, int, int]]) -> Iterator[list[tuple[int, int, int]]]:
        """Windows of like length together, so that little is computed for padding."""
        ordered = sorted(jobs, key=lambda job: job[2] - job[1], reverse=True)
        for start in range(0, len(ordered), self.batch_size):
            yield ordered[start : start + self.batch_size]

    def _read(self, rows: Sequence[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        """Log-probabilities of the labels of each row's pieces."""
        import torch

        ids, mask = (tensor.to(self.model.device) for tensor in padded(rows, self.splitter))
        first = len(self.splitter.before)
        with torch.inference_mode():
            logits = self.model(input_ids=ids, attention_mask=mask).logits
            heads = [torch.log_softmax(logits[..., head].float(), dim=-1) for head in self.heads]
            scores = torch.cat(heads, dim=-1).cpu().numpy()
        return [scores[i, first : first + len(row)] for i, row in enumerate(rows)]

    def _words(
        self, pieces: Pieces, found: list[tuple[int, int]], scores: list[NDArray[np.float32]]
    ) -> NDArray[np.float32] | None:
        import numpy as np

        if not found:
            return None
        together = merged(len(pieces.ids), found, scores)
        return np.concatenate([by_word(pieces, together[:, head]) for head in self.heads], axis=1)

    def spans(self, pieces: Pieces, scores: NDArray[np.float32] | None) -> list[TaggedSpan]:
        """The entities of one text by the scores of its words; an entity's own score is the model's, without biases."""
        if scores is None:
            return []
        return united(self._of_head(pieces, scores[:, head], number) for number, head in enumerate(self.heads))

    def _of_head(self, pieces: Pieces, scores: NDArray[np.float32], number: int) -> list[TaggedSpan]:
        import numpy as np

        labels = self.labels[self.heads[number]]
        follows = allowed(labels)
        learnt = self.transitions[number] if self.transitions else None
        raised = np.array([self.biases.get(category_of(label), 0.0) for label in labels], dtype=np.float32)
        path = best_path(scores + raised, follows, transitions=learnt)
        sure = np.exp(scores) if learnt is None else marginals(scores, follows, learnt)
        chosen = sure[np.arange(len(path)), path].clip(0, 1).tolist()
        return read_spans(pieces.text, pieces.words, [labels[i] for i in path], chosen)


def padded(rows: Sequence[NDArray[np.int64]], splitter: Splitter) -> tuple[Any, Any]:
    """Input ids and attention mask as tensors (rows, longest), with the special pieces around each row."""
    import torch

    before, after = list(splitter.before), list(splitter.after)
    width = max(len(row) for row in rows) + len(before) + len(after)
    ids = torch.full((len(rows), width), splitter.padding_id, dtype=torch.long)
    mask = torch.zeros((len(rows), width), dtype=torch.long)
    for i, row in enumerate(rows):
        whole = torch.tensor([*before, *row.tolist(), *after], dtype=torch.long)
        ids[i, : len(whole)] = whole
        mask[i, : len(whole)] = 1
    return ids, mask


def to_entities(text: str, spans: Sequence[TaggedSpan]) -> tuple[Entity, ...]:
    """The spans as entities of a layer on this text, numbered in the order of the text."""
    return tuple(
        Entity(
            id=f"T{number}",
            category=span.category,
            text=wording(text, span.spans),
            fragments=tuple(Fragment(start=start, end=end) for start, end in span.spans),
            score=span.score,
        )
        for number, span in enumerate(sorted(spans, key=lambda span: span.spans), start=1)
    )

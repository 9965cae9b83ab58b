"""The loss of a tagger's labels: each piece alone, or whole sequences of words under a CRF (Lafferty et al. 2001)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from curation.tagging.decoding import allowed
from curation.tagging.heads import head_slices

#: What stands for minus infinity where a gradient goes through.
NEVER = -1e4
#: The scores of steps are so many times their weights: a learning rate that serves matrices would hardly move them.
STEP_SCALE = 10.0


class HeadLoss(torch.nn.Module):  # type: ignore[misc]
    """The sum over the heads of the mean loss of a piece, or of a word with a CRF, whose scores are learnt."""

    def __init__(self, labels: Sequence[str], outside_weight: float, *, crf: bool) -> None:
        super().__init__()
        self._heads = head_slices(labels)
        self._sizes = [head.stop - head.start for head in self._heads]
        size = max(self._sizes)
        weight = torch.ones(size)
        weight[0] = outside_weight
        self.register_buffer("weight", weight, persistent=False)
        self.crf = crf
        if not crf:
            return
        follows = torch.zeros(len(self._heads), size, size, dtype=torch.bool)
        place = torch.full((len(self._heads), size), -1)
        for number, head in enumerate(self._heads):
            own = self._sizes[number]
            follows[number, :own, :own] = torch.from_numpy(allowed(labels[head])[:-1])
            place[number, :own] = torch.arange(head.start, head.stop)
        self.register_buffer("follows", follows, persistent=False)
        self.register_buffer("place", place, persistent=False)
        self.steps = torch.nn.Parameter(torch.zeros(len(self._heads), size, size))

    def forward(self, logits: Any, targets: Any, words: Any) -> Any:
        """The loss of logits (rows, pieces, labels) of targets (rows, pieces, heads), -100 where there is none.

        words: the number of each piece's word in its row, from 0 on.
        """
        if self.crf:
            return self._of_sequences(*self._by_word(logits, targets, words))
        losses = [
            torch.nn.functional.cross_entropy(
                logits[..., head].flatten(0, 1), targets[..., number].flatten(), weight=self.weight[:own]
            )
            for number, (head, own) in enumerate(zip(self._heads, self._sizes, strict=True))
        ]
        return torch.stack(losses).sum()

    def transitions(self) -> list[Any]:
        """The scores of each step by head, shape (labels + 1, labels); the last row is the start, which has none.

        Each word is one step's end: the logarithm of its label's weight on those steps is that weight on the words.
        """
        steps = (STEP_SCALE * self.steps).detach().float().cpu()
        weighted = torch.nn.functional.pad(steps, (0, 0, 0, 1)) + self.weight.cpu().log()
        return [weighted[number, [*range(own), -1], :own].numpy().round(4) for number, own in enumerate(self._sizes)]

    def _by_word(self, logits: Any, targets: Any, words: Any) -> tuple[Any, Any, Any]:
        """The mean logits of each word's pieces (rows, words, heads, labels), targets, and which words there are."""
        inside = targets[..., 0] >= 0
        count, width = len(logits), int(words.max()) + 1
        flat = (torch.arange(count, device=words.device)[:, None] * width + words)[inside]
        sums = logits.new_zeros(count * width, logits.shape[-1]).index_add(0, flat, logits[inside])
        pieces = torch.bincount(flat, minlength=count * width)
        means = sums / pieces.clamp(min=1)[:, None]
        of_words = targets.new_zeros(count * width, targets.shape[-1])
        of_words[flat] = targets[inside]
        scores = means[:, self.place.clamp(min=0)].masked_fill(self.place < 0, NEVER)
        return (
            scores.unflatten(0, (count, width)),
            of_words.unflatten(0, (count, width)),
            (pieces > 0).unflatten(0, (count, width)),
        )

    def _of_sequences(self, scores: Any, targets: Any, present: Any) -> Any:
        """Minus the mean log-probability of the words' labels. A window may begin within an entity."""
        steps = (STEP_SCALE * self.steps).masked_fill(~self.follows, NEVER)
        reached = scores[:, 0]
        for word in range(1, scores.shape[1]):
            further = torch.logsumexp(reached[..., :, None] + steps, dim=-2) + scores[:, word]
            reached = torch.where(present[:, word, None, None], further, reached)
        of_words = scores.gather(-1, targets[..., None])[..., 0]
        heads = torch.arange(targets.shape[-1], device=targets.device)
        of_steps = steps[heads, targets[:, :-1], targets[:, 1:]]
        score = (of_words * present[..., None]).sum() + (of_steps * present[:, 1:, None]).sum()
        return (torch.logsumexp(reached, dim=-1).sum() - score) / present.sum()

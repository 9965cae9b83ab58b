"""Where the tokens of an answer stand in its text, and how likely stretches of it were."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from curation.models.contract import Answer
from curation.text.folding import Span


@dataclass(frozen=True, slots=True)
class LocatedTokens:
    """The pieces of an answer: where each begins and ends in its text, and the logarithm of its probability."""

    starts: Sequence[int]
    ends: Sequence[int]
    logprobs: Sequence[float]

    @classmethod
    def of(cls, answer: Answer) -> LocatedTokens | None:
        """The pieces in the text of an answer; None where there are none, or they make up another text.

        Servers may give what the text lacks too: reasoning before it, blanks around it, a sign for its end.
        """
        pieces = answer.logprobs or ()
        text = "".join(piece.text for piece in pieces)
        if not answer.text.strip() or answer.text.strip() not in text:
            return None
        before = text.rfind(answer.text.strip()) - (len(answer.text) - len(answer.text.lstrip()))
        ends = list(accumulate((len(piece.text) for piece in pieces), initial=-before))
        return cls(ends[:-1], ends[1:], [min(piece.logprob, 0.0) for piece in pieces])

    def probability(self, span: Span) -> float | None:
        """The geometric mean of the probabilities of the pieces with a letter in the span; None where there are none.

        The mean of the logarithms is the usual score of a sequence (A. Malinin, M. Gales: Uncertainty estimation in
        autoregressive structured prediction, ICLR 2021): their sum would count a long wording as unlikely, and their
        minimum, which shows a single doubtful token better (N. Varshney et al.: A stitch in time saves nine, 2023),
        falls with the length too. A piece that holds a quotation mark beside a letter counts as a whole.
        """
        found = self._within(span)
        return math.exp(sum(found) / len(found)) if found else None

    def product(self, span: Span) -> float | None:
        """The product of the same probabilities: that of the very letters of the span, which are one word of a few."""
        found = self._within(span)
        return math.exp(sum(found)) if found else None

    def _within(self, span: Span) -> Sequence[float]:
        return self.logprobs[bisect_right(self.ends, span[0]) : bisect_left(self.starts, span[1])]

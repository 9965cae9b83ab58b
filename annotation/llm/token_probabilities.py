"""How sure a model was of each quote, by the probabilities of its tokens in the answer."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from annotation.llm.reading import Reading
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
        before = text.rfind(answer.text.strip()) - (len(answer.text) - len(answer.text.lstrip()))
        if not answer.text.strip() or answer.text.strip() not in text:
            return None
        ends = list(accumulate((len(piece.text) for piece in pieces), initial=-before))
        return cls(ends[:-1], ends[1:], [min(piece.logprob, 0.0) for piece in pieces])

    def probability(self, span: Span) -> float | None:
        """The geometric mean of the probabilities of the pieces with a letter in the span; None where there are none.

        The mean of the logarithms is the usual score of a sequence (A. Malinin, M. Gales: Uncertainty estimation in
        autoregressive structured prediction, ICLR 2021): their sum would count a long wording as unlikely, and their
        minimum, which shows a single doubtful token better (N. Varshney et al.: A stitch in time saves nine, 2023),
        falls with the length too. A piece that holds a quotation mark beside a letter counts as a whole.
        """
        first, last = bisect_right(self.ends, span[0]), bisect_left(self.starts, span[1])
        found = self.logprobs[first:last]
        return math.exp(sum(found) / len(found)) if found else None


def with_probabilities(reading: Reading, answer: Answer) -> Reading:
    """The reading of an answer with the probability of each quote, as far as the answer has those of its tokens."""
    tokens = LocatedTokens.of(answer)
    if tokens is not None:
        reading.quotes = [
            quote if quote.said is None else replace(quote, probability=tokens.probability(quote.said))
            for quote in reading.quotes
        ]
    return reading

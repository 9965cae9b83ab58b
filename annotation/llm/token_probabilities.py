"""How sure a model was of each quote, by the probabilities of its tokens in the answer."""

from __future__ import annotations

from dataclasses import replace

from annotation.llm.reading import Reading
from curation.models.contract import Answer
from curation.models.located_tokens import LocatedTokens


def with_probabilities(reading: Reading, answer: Answer) -> Reading:
    """The reading of an answer with the probability of each quote, as far as the answer has those of its tokens."""
    tokens = LocatedTokens.of(answer)
    if tokens is not None:
        reading.quotes = [
            quote if quote.said is None else replace(quote, probability=tokens.probability(quote.said))
            for quote in reading.quotes
        ]
    return reading

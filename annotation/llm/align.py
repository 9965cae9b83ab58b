"""Align: each quote gets its span in the text, and how it was found; nothing is guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotation.llm.parse import Quote
from curation.record import Alignment
from curation.text.alignment import Aligned, align


@dataclass(frozen=True, slots=True)
class AlignedQuote:
    """A quote and where it stands; nowhere when it does not."""

    quote: Quote
    at: Aligned


def align_quotes(quotes: Iterable[Quote], text: str, *, minimum: float) -> tuple[list[AlignedQuote], int]:
    """The quotes with their spans, and how many only repeat a wording that stands there less often.

    Quotes come in the order of the text, so each is looked for from the end of the one before: of several
    occurrences the nearest wins, and none is used twice in a category.
    """
    placed: list[AlignedQuote] = []
    taken: dict[str, list[tuple[int, int]]] = defaultdict(list)
    repeated = 0
    hint = 0
    for quote in quotes:
        used = taken[quote.category]
        found = align(quote.text, text, hint=hint, taken=used, minimum=minimum)
        if found.alignment is Alignment.NONE and _repeats(quote, placed):
            repeated += 1
            continue
        placed.append(AlignedQuote(quote, found))
        if found.spans:
            used += found.spans
            hint = found.spans[-1][1]
    return placed, repeated


def _repeats(quote: Quote, placed: Sequence[AlignedQuote]) -> bool:
    same = (quote.category, quote.text.casefold())
    return any(
        aligned.at.spans and (aligned.quote.category, aligned.quote.text.casefold()) == same for aligned in placed
    )

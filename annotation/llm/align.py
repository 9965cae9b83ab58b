"""Align: each quote gets its span in the text, and how it was found; nothing is guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from annotation.llm.lead_ins import without_lead_in
from annotation.llm.reading import Quote, Reading
from curation.record import Alignment
from curation.text.alignment import NOT_FOUND, Aligned, align
from curation.text.folding import Span


@dataclass(frozen=True, slots=True)
class AlignedQuote:
    """A quote and where it stands; nowhere when it does not. number: its place among the quotes of its answer."""

    quote: Quote
    at: Aligned
    number: int


def align_quotes(
    quotes: Sequence[Quote], text: str, *, language: str, minimum: float, counts: Reading
) -> list[AlignedQuote]:
    """The quotes with their spans, without their lead-ins; what only repeats a wording that stands there less often is
    left out. Both are counted in `counts`.

    Quotes come in the order of the text, so each is looked for from the end of the one before: of several
    occurrences the nearest wins, and none is used twice in a category.
    """
    placed: list[AlignedQuote] = []
    taken: dict[str, list[Span]] = defaultdict(list)
    hint = 0
    for number, given in enumerate(quotes):
        used = taken[given.category]
        if (wording := without_lead_in(given.text, language)) != given.text:
            counts.read_as["without a lead-in"] += 1
            given = replace(given, text=wording)
        quote, found = place(given, text, hint=hint, taken=used, minimum=minimum)
        if found.alignment is Alignment.NONE and _repeats(quote, placed):
            counts.dropped["repeated"] += 1
            continue
        placed.append(AlignedQuote(quote, found, number))
        if found.spans:
            used += found.spans
            hint = found.spans[-1][1]
    return placed


def place(quote: Quote, text: str, *, hint: int, taken: Sequence[Span], minimum: float) -> tuple[Quote, Aligned]:
    """A quote and where it stands; with a proof of its own, within the proof, or as the proof where it is worded
    otherwise.
    """
    if quote.evidence is None:
        return quote, align(quote.text, text, hint=hint, taken=taken, minimum=minimum)
    proof = align(quote.evidence, text, hint=hint, taken=taken, minimum=minimum)
    if not proof.spans:
        return quote, NOT_FOUND
    start, end = proof.spans[0][0], proof.spans[-1][1]
    within = align(quote.text, text[start:end], minimum=minimum)
    if not within.spans:
        return replace(quote, text=quote.evidence), proof
    return quote, shifted(within, start)


def shifted(aligned: Aligned, by: int) -> Aligned:
    """The same place, counted from another beginning."""
    if not by:
        return aligned
    spans = tuple((start + by, end + by) for start, end in aligned.spans)
    return Aligned(spans, aligned.alignment, aligned.score)


def _repeats(quote: Quote, placed: Sequence[AlignedQuote]) -> bool:
    same = (quote.category, quote.text.casefold())
    return any(
        aligned.at.spans and (aligned.quote.category, aligned.quote.text.casefold()) == same for aligned in placed
    )

"""The answers about the windows of a text as one: what stands in the overlap of two is there once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from annotation.llm.align import AlignedQuote
from curation.text.folding import Span, fold

#: A quote by the number of its answer and its own in it.
Key = tuple[int, int]


@dataclass(slots=True)
class MergedQuotes:
    """Quotes without doubles, and where each of the given ones is among them."""

    quotes: list[AlignedQuote] = field(default_factory=list)
    places: dict[Key, int] = field(default_factory=dict)
    doubles: int = 0


def merge(answers: Sequence[Sequence[AlignedQuote]], windows: Sequence[Span]) -> MergedQuotes:
    """The quotes of all answers, in order; of two for the same place and category from different windows the longer.

    windows: the one that each answer is about. Quotes that stand nowhere are the same by their wording.
    """
    if len(answers) == 1:
        return MergedQuotes(list(answers[0]), {(0, quote.number): place for place, quote in enumerate(answers[0])})
    merged = MergedQuotes()
    seen: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    for answer, (quotes, window) in enumerate(zip(answers, windows, strict=True)):
        for quote in quotes:
            others = [place for place, other in seen[quote.quote.category] if other != window]
            double = next((place for place in others if _same(merged.quotes[place], quote)), None)
            if double is None:
                merged.places[answer, quote.number] = len(merged.quotes)
                seen[quote.quote.category].append((len(merged.quotes), window))
                merged.quotes.append(quote)
                continue
            merged.doubles += 1
            merged.places[answer, quote.number] = double
            if _length(quote) > _length(merged.quotes[double]):
                merged.quotes[double] = quote
    return merged


def merge_labels(answers: Sequence[Mapping[str, str]], dropped: Counter[str]) -> dict[str, str]:
    """The document labels on which all windows agree that say something; the others are left out and counted."""
    values: dict[str, set[str]] = defaultdict(set)
    for labels in answers:
        for name, value in labels.items():
            values[name].add(value)
    if apart := sum(len(given) > 1 for given in values.values()):
        dropped["document label that windows disagree on"] += apart
    return {name: next(iter(given)) for name, given in values.items() if len(given) == 1}


def _same(left: AlignedQuote, right: AlignedQuote) -> bool:
    if not left.at.spans or not right.at.spans:
        return left.at.spans == right.at.spans and fold(left.quote.text).text == fold(right.quote.text).text
    return any(start < end_ and start_ < end for start, end in left.at.spans for start_, end_ in right.at.spans)


def _length(quote: AlignedQuote) -> int:
    return sum(end - start for start, end in quote.at.spans)

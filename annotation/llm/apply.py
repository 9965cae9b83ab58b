"""Apply: placed quotes become the layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from annotation.llm.align import AlignedQuote
from annotation.llm.reading import Link
from curation.record import Alignment, Entity, Fragment, Layer, Record, Relation, check_layer, wording
from curation.scheme import Scheme
from curation.stage import SCORED_FROM

#: What a score is made from, in a layer's provenance `scores`; and the digits that are kept of it.
LOGPROB, AGREEMENT, DIGITS = "logprob", "agreement", 4


def apply(
    placed: Sequence[AlignedQuote],
    record: Record,
    scheme: Scheme,
    *,
    name: str,
    author: str,
    links: Sequence[Link],
    labels: Mapping[str, str],
    provenance: Mapping[str, JsonValue],
) -> Layer:
    """The layer of what was found, checked against the record; links name quotes by their places in `placed`."""
    in_order = sorted(range(len(placed)), key=lambda place: (not placed[place].at.spans, placed[place].at.spans))
    ids = {place: f"T{number}" for number, place in enumerate(in_order, 1)}
    layer = Layer(
        record_id=record.id,
        name=name,
        author=author,
        entities=tuple(_entity(placed[place], record.text, ids[place]) for place in in_order),
        relations=tuple(
            Relation(id=f"R{number}", type=link.type, head=ids[link.head], tail=ids[link.tail])
            for number, link in enumerate(links, 1)
        ),
        labels=dict(labels),
        provenance={**provenance, "scores": {ids[place]: score for place, score in _scores(placed)}},
    )
    return check_layer(record, layer, categories=scheme.by_name)


def _entity(placed: AlignedQuote, text: str, id: str) -> Entity:
    quote, at = placed.quote, placed.at
    return Entity(
        id=id,
        category=quote.category,
        text=wording(text, at.spans) if at.alignment is Alignment.EXACT else quote.text,
        fragments=tuple(Fragment(start=start, end=end) for start, end in at.spans),
        alignment=at.alignment,
        alignment_score=at.score,
        assertion=quote.assertion,
        attributes=dict(quote.attributes),
        score=None if quote.probability is None else round(quote.probability, DIGITS),
    )


def _scores(placed: Sequence[AlignedQuote]) -> Iterator[tuple[int, dict[str, JsonValue]]]:
    """What the score of each entity is made from, by its place in `placed`."""
    for place, found in enumerate(placed):
        if found.quote.probability is not None:
            yield place, {LOGPROB: round(found.quote.probability, DIGITS)}


def score_notes(layer: Layer, *, always: bool, how: str = "token probabilities") -> dict[str, int]:
    """How many entities have a score, and made from what; always: also where none has one."""
    without = sum(entity.score is None for entity in layer.entities)
    counts = {how: len(layer.entities) - without, "nothing": without if always or without < len(layer.entities) else 0}
    return {SCORED_FROM + source: count for source, count in counts.items() if count}

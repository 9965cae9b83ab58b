"""Apply: placed quotes become the layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from annotation.llm.align import AlignedQuote
from curation.record import Alignment, Entity, Fragment, Layer, Record, check_layer, wording
from curation.scheme import Scheme


def apply(
    placed: Sequence[AlignedQuote],
    record: Record,
    scheme: Scheme,
    *,
    name: str,
    author: str,
    labels: Mapping[str, str],
    provenance: Mapping[str, JsonValue],
) -> Layer:
    """The layer of what was found, checked against the record."""
    in_order = sorted(placed, key=lambda found: (not found.at.spans, found.at.spans))
    layer = Layer(
        record_id=record.id,
        name=name,
        author=author,
        entities=tuple(_entity(found, record.text, number) for number, found in enumerate(in_order, 1)),
        labels=dict(labels),
        provenance=dict(provenance),
    )
    return check_layer(record, layer, categories=scheme.by_name)


def _entity(placed: AlignedQuote, text: str, number: int) -> Entity:
    quote, at = placed.quote, placed.at
    return Entity(
        id=f"T{number}",
        category=quote.category,
        text=wording(text, at.spans) if at.alignment is Alignment.EXACT else quote.text,
        fragments=tuple(Fragment(start=start, end=end) for start, end in at.spans),
        alignment=at.alignment,
        alignment_score=at.score,
        assertion=quote.assertion,
    )

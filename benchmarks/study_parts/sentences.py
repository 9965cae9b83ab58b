"""Documents cut into their sentences, with what lies whole within one: what a question is asked about at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curation.record import Entity, Fragment
from curation.text.sentences import sentence_spans
from study_parts.sizes import Annotated


def sentences(pairs: Iterable[Annotated]) -> Iterator[Annotated]:
    """Each sentence as a record of its document's group; what crosses a border of sentences is left out."""
    for record, layer in pairs:
        for start, end in sentence_spans(record.text, record.language):
            inside = [entity for entity in layer.entities if start <= entity.start and entity.end <= end]
            ids = {entity.id for entity in inside}
            cut = record.model_copy(update={"id": f"{record.id}:{start}", "text": record.text[start:end]})
            yield (
                cut,
                layer.model_copy(
                    update={
                        "record_id": cut.id,
                        "entities": tuple(_moved(entity, start) for entity in inside),
                        "relations": tuple(link for link in layer.relations if {link.head, link.tail} <= ids),
                    }
                ),
            )


def _moved(entity: Entity, by: int) -> Entity:
    fragments = tuple(Fragment(start=part.start - by, end=part.end - by) for part in entity.fragments)
    return entity.model_copy(update={"fragments": fragments})

"""The answers of the flat view: facts that people wrote as lines become entities, aligned to the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from curation.record import Entity, Fragment, Record
from curation.scheme import ABSENT, FACT_JOIN
from curation.text.alignment import align


def fact_entities(record: Record, lines: Mapping[str, Iterable[str]], shown: Mapping[str, Entity]) -> Iterator[Entity]:
    """An entity for each fact of each category, in order.

    An unchanged fact is the entity that was shown, with its assertion and codes. Any other fact is aligned to the
    text; an entity that is not found there has no fragments.
    """
    left = {(entity.category, _plain(entity.text)): entity for entity in reversed(list(shown.values()))}
    for category, written in lines.items():
        ids = (id for number in count(1) if (id := f"{category}-{number}") not in shown)
        taken: list[tuple[int, int]] = []
        for fact in _facts(written):
            entity = left.pop((category, fact), None) or _entity(record, category, fact, next(ids), taken)
            taken += entity.spans
            yield entity


def _facts(lines: Iterable[str]) -> list[str]:
    """The facts of the lines, each once: one line may hold several, as the flat view writes them."""
    parts = (_plain(part) for line in lines for part in line.split(FACT_JOIN))
    return list(dict.fromkeys(part for part in parts if part and part != ABSENT))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _entity(record: Record, category: str, fact: str, id: str, taken: Sequence[tuple[int, int]]) -> Entity:
    found = align(fact, record.text, taken=taken)
    return Entity(
        id=id,
        category=category,
        text=fact,
        fragments=tuple(Fragment(start=start, end=end) for start, end in found.spans),
        alignment=found.alignment,
        alignment_score=found.score,
    )

"""Labels in heads: one label a word, or one for each category, so that entities may lie in each other.

The labels of a tagger stand head after head, each of which begins with O. With a head for each category nothing is lost
where entities of different categories share words; where those of one category do, it has further heads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from curation.record import Entity
from curation.tagging.labels import CONTINUES, OUTSIDE, Labelled, TaggedSpan, category_of, label_set, label_words
from curation.tagging.words import Span

#: A category (empty where one head has all) and the number of its head.
Head = tuple[str, int]
ALL: Head = ("", 0)


def head_slices(labels: Sequence[str]) -> tuple[slice, ...]:
    """Where the labels of each head stand."""
    starts = [number for number, label in enumerate(labels) if label == OUTSIDE]
    return tuple(slice(start, end) for start, end in zip(starts, [*starts[1:], len(labels)], strict=True))


def heads_of(met: Iterable[tuple[Head, str]], names: Sequence[str]) -> dict[Head, tuple[str, ...]]:
    """The labels of each head that has any, of the heads and labels that were met, in the order of the names."""
    seen = set(met)
    heads = sorted({head for head, _ in seen}, key=lambda head: (names.index(head[0]) if head[0] else -1, head[1]))
    return {head: _labels({label for other, label in seen if other == head}, names) for head in heads}


def _labels(found: set[str], names: Sequence[str]) -> tuple[str, ...]:
    categories = {category_of(label) for label in found}
    continued = {category_of(label) for label in found if label[0] == CONTINUES}
    return label_set([name for name in names if name in categories], continued=continued)


def label_heads(entities: Sequence[Entity], words: Sequence[Span], *, by_category: bool) -> dict[Head, Labelled]:
    """The labels of a text's words in each head."""
    if not by_category:
        return {ALL: label_words(entities, words)}
    found: dict[Head, Labelled] = {}
    for category in {entity.category: None for entity in entities}:
        own = [entity for entity in entities if entity.category == category]
        found |= {(category, level): labelled for level, labelled in enumerate(_levels(own, words))}
    return found


def _levels(entities: Sequence[Entity], words: Sequence[Span]) -> Iterator[Labelled]:
    """The entities of one category in as few heads as hold them all; what no head can hold is counted in the first."""
    together = label_words(entities, words)
    if _holds(together):
        yield together
        return
    levels: list[list[Entity]] = [[entity for entity in entities if not _holds(label_words([entity], words))]]
    held = [entity for entity in entities if not any(entity is other for other in levels[0])]
    for entity in sorted(held, key=lambda entity: (-sum(end - start for start, end in entity.spans), entity.start)):
        kept = label_words(levels[0], words).lost
        fits = (
            level
            for number, level in enumerate(levels)
            if _holds(label_words([*level, entity], words), but=Counter() if number else kept)
        )
        level = next(fits, None)
        if level is None:
            levels.append([entity])
        else:
            level.append(entity)
    yield from (label_words(level, words) for level in levels)


def _holds(labelled: Labelled, *, but: Mapping[str, int] | None = None) -> bool:
    """Whether all entities come back from their labels, but for so many that never do."""
    return all(labelled.lost[reason] <= (but or {}).get(reason, 0) for reason in ("overlapped", "rejoined"))


def united(heads: Iterable[Iterable[TaggedSpan]]) -> list[TaggedSpan]:
    """The entities of all heads in the order of the text, each once, with its highest score."""
    best: dict[tuple[str, tuple[Span, ...]], TaggedSpan] = {}
    for spans in heads:
        for span in spans:
            key = span.category, span.spans
            if key not in best or best[key].score < span.score:
                best[key] = span
    return sorted(best.values(), key=lambda span: span.spans)

"""Generated sentences for a translator to learn from, half of them with markers, and others to be translated."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from projection_parts.generated import SentencePair, pairs

from curation.translate.projection.markers import marked

#: Seeds of the sentences to learn from and of those to be translated.
LEARNT, UNSEEN = 13, 1_013
#: Of how many sentences in a hundred the learner sees the markers.
MARKED = 50
#: More cases than are needed: sentences are taken until there are enough.
MANY = 1_000_000


def learnt(number: int) -> list[SentencePair]:
    """So many different sentences."""
    return list(islice(_distinct(pairs(MANY, LEARNT), ()), number))


def unseen(number: int, known: Sequence[SentencePair]) -> list[SentencePair]:
    """So many different sentences of other cases, none of which was learnt."""
    return list(islice(_distinct(pairs(MANY, UNSEEN), {pair.source for pair in known}), number))


def _distinct(found: Iterator[SentencePair], known: Collection[str]) -> Iterator[SentencePair]:
    seen = set(known)
    for pair in found:
        if pair.source not in seen:
            seen.add(pair.source)
            yield pair


def lessons(known: Sequence[SentencePair]) -> list[tuple[str, str]]:
    """Each sentence with its translation, half of them with a marker of the same number around each span in both."""
    chance = random.Random(LEARNT)
    return [_with_markers(pair) if chance.random() * 100 < MARKED else (pair.source, pair.target) for pair in known]


def _with_markers(pair: SentencePair) -> tuple[str, str]:
    return (
        marked(pair.source, [(span,) for span in pair.spans]).text,
        marked(pair.target, [(span,) for span in pair.gold]).text,
    )


def symbols(known: Sequence[SentencePair]) -> list[str]:
    """All markers that the sentences may have, each of which is to be one piece."""
    most = max(len(pair.spans) for pair in known)
    return [f"<{slash}e{number}>" for number in range(most) for slash in ("", "/")]

"""Training sets of growing size: each holds the smaller ones, and each has about the same shares of what occurs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from random import Random

from curation.record import Layer, Record

Annotated = tuple[Record, Layer]


def ordered(pairs: Sequence[Annotated], seed: int) -> list[Annotated]:
    """The pairs in an order of which every beginning is a stratified sample.

    The stratum of a record is what it has that is rarest in the set: a document label's value, a category, a relation.
    """
    counts = Counter(name for _, layer in pairs for name in _names(layer))
    strata: dict[str, list[Annotated]] = defaultdict(list)
    for pair in pairs:
        names = sorted(_names(pair[1]), key=lambda name: (counts[name], name))
        strata[names[0] if names else ""].append(pair)
    random = Random(seed)
    placed: list[tuple[float, int, Annotated]] = []
    for _, stratum in sorted(strata.items()):
        random.shuffle(stratum)
        # One of each so many, at a place of its own within them.
        offset = random.random()
        placed += [
            ((number + offset) / len(stratum), len(placed) + number, pair) for number, pair in enumerate(stratum)
        ]
    return [pair for _, _, pair in sorted(placed, key=lambda each: each[:2])]


def _names(layer: Layer) -> set[str]:
    categories = {entity.category for entity in layer.entities}
    values = {f"{name}={value}" for name, value in layer.labels.items()}
    return categories | values | {f"relation {link.type}" for link in layer.relations}

"""The case reports of MACCROBAT in the fifteen categories, divided as `benchmarks/maccrobat.py` divides them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from curation.record import Layer, Record
from curation.sets.duplicates import near_duplicates
from curation.sets.split import Member, divide, tie_together
from curation.sources import Read, ReadOptions, read

DATA = Path(__file__).parents[3] / "shared" / "data" / "maccrobat"
SHARES = {"train": 0.8, "validation": 0.0, "test": 0.2}

Pair = tuple[Record, Layer]


def reports(folder: Path) -> tuple[list[Pair], list[Pair]]:
    """120 reports to learn from and 30 to measure on."""
    found = read(folder, format="brat", mapping="maccrobat", options=ReadOptions(language="en"))
    pairs = {item.record.id: (item.record, item.layers[0]) for item in found if isinstance(item, Read)}
    members = [Member(record.id, record.group, record.translation_of) for record, _ in pairs.values()]
    clusters = near_duplicates((record.id, record.text) for record, _ in pairs.values())
    placed = divide(tie_together(members, clusters), SHARES, seed=0)
    return tuple([pairs[id] for id in sorted(pairs) if placed[id] == side] for side in ("train", "test"))  # type: ignore[return-value]


def halves(learnt: Sequence[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The reports to learn from, half of them to screen with and half to measure that on: the 30 choose nothing."""
    return list(learnt[::2]), list(learnt[1::2])

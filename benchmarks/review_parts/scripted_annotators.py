"""Scripted annotators: gold with errors of known kinds at known rates, the same ones at every run.

    made = annotate(record, gold, CAREFUL, name="anna", categories=scheme.names)
    made.layer     # human:anna, as a pull would bring it
    made.errors    # what is wrong with it, and with which mark

They stand in for people in a simulated study and say nothing about real ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random

from curation.record import Assertion, Entity, Layer, Record, digest

#: Real case reports with gold; the shipped sample stands in where they are absent.
MACCROBAT = Path(__file__).parents[3] / "shared" / "data" / "maccrobat"

WORD = re.compile(r"\w+")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Habits:
    """The probability, for each mark of gold, of each error; one mark has at most one of the first four.

    ``invent`` is the number of marks made up, for each mark of gold.
    """

    drop: float = 0.0
    category: float = 0.0
    boundary: float = 0.0
    assertion: float = 0.0
    invent: float = 0.0

    def __post_init__(self) -> None:
        if sum(self.changes.values()) > 1:
            raise ValueError(f"expected probabilities that add up to at most 1, got {self.changes}")

    @property
    def changes(self) -> dict[str, float]:
        """The errors that a mark of gold can have."""
        return {
            "drop": self.drop,
            "category": self.category,
            "boundary": self.boundary,
            "assertion": self.assertion,
        }


CAREFUL = Habits(drop=0.04, category=0.02, boundary=0.05, assertion=0.01, invent=0.02)
AVERAGE = Habits(drop=0.08, category=0.05, boundary=0.10, assertion=0.03, invent=0.05)
HASTY = Habits(drop=0.20, category=0.10, boundary=0.15, assertion=0.05, invent=0.10)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One error: its kind (a field of `Habits`), and the mark of gold, or the invented one."""

    kind: str
    entity: str


@dataclass(frozen=True, slots=True)
class Made:
    """What a scripted annotator says about a record, and what is wrong with it."""

    layer: Layer
    errors: tuple[Mistake, ...]


def annotate(
    record: Record,
    gold: Layer,
    habits: Habits,
    *,
    name: str,
    categories: Sequence[str],
    seed: int = 0,
    created: datetime | None = None,
) -> Made:
    """The record as the annotator would mark it; the same name, seed and record give the same."""
    # Not hash(): that differs between processes.
    random = Random(digest([seed, name, record.id]))
    hand = _Hand(record, gold, random, categories)
    made: list[Entity] = []
    errors: list[Mistake] = []
    for entity in gold.entities:
        kind = _kind(habits, random)
        marked = hand.change(entity, kind) if kind else entity
        if kind and marked is not entity:
            errors.append(Mistake(kind, entity.id))
        made += [marked] if marked else []
        if random.random() < habits.invent and (invented := hand.invent()):
            errors.append(Mistake("invent", invented.id))
            made.append(invented)
    who = f"human:{name}"
    layer = Layer(
        record_id=record.id,
        name=who,
        author=who,
        entities=tuple(sorted(made, key=lambda entity: (entity.spans, entity.category, entity.id))),
        created=created or datetime.now(UTC),
    )
    return Made(layer, tuple(errors))


def reports(limit: int | None = None, *, real: bool = True) -> list[tuple[Record, Layer]]:
    """Case reports with their gold: MACCROBAT's where it is at hand and wanted, else the shipped sample's."""
    from curation.sources import ReadOptions, read
    from curation.sources.reading import Read

    if real and MACCROBAT.is_dir():
        found = read(MACCROBAT, format="brat", mapping="maccrobat", options=ReadOptions(language="en"))
    else:
        found = read("sample", format="sample")
    wanted = (
        (row.record, row.layers[0])
        for row in found
        if isinstance(row, Read) and row.layers and row.record.language == "en"
    )
    return list(islice(wanted, limit))


class _Hand:
    """The pen over one record: it knows where marks are, so that no two say the same."""

    def __init__(self, record: Record, gold: Layer, random: Random, categories: Sequence[str]) -> None:
        self._record = record
        self._random = random
        self._categories = categories
        self._words = [match.span() for match in WORD.finditer(record.text)]
        self._taken = {(entity.category, entity.spans) for entity in gold.entities}
        self._marked = [span for entity in gold.entities for span in entity.spans]
        self._invented = 0

    def change(self, entity: Entity, kind: str) -> Entity | None:
        """The mark with the error: None when it is left out, the mark itself when the error cannot be made on it."""
        if kind == "drop":
            return None
        if kind == "assertion":
            others = [assertion for assertion in Assertion if assertion is not entity.assertion]
            return entity.model_copy(update={"assertion": self._random.choice(others)})
        if kind == "category":
            others = [name for name in self._categories if name != entity.category]
            return self._free(entity.model_copy(update={"category": self._random.choice(others)}), entity)
        return self._free(self._shifted(entity), entity)

    def invent(self) -> Entity | None:
        """A mark of one or two words where gold has none; None where no such words are left."""
        free = [
            (first[0], last[1])
            for width in (1, 2)
            for first, last in zip(self._words, self._words[width - 1 :], strict=False)
            if not any(first[0] < end and start < last[1] for start, end in self._marked)
        ]
        if not free:
            return None
        start, end = self._random.choice(free)
        self._marked.append((start, end))
        self._invented += 1
        return Entity.at(
            self._record.text, start, end, self._random.choice(self._categories), id=f"invented{self._invented}"
        )

    def _free(self, changed: Entity, entity: Entity) -> Entity:
        """The changed mark, unless another says that already."""
        says = (changed.category, changed.spans)
        if says in self._taken:
            return entity
        self._taken.add(says)
        return changed

    def _shifted(self, entity: Entity) -> Entity:
        """The mark with one word more or less at its start or end; entities in pieces stay as they are."""
        choices = list(self._shifts(entity.spans[0])) if len(entity.spans) == 1 else []
        if not choices:
            return entity
        start, end = self._random.choice(choices)
        return Entity.at(self._record.text, start, end, entity.category, id=entity.id, **_kept(entity))

    def _shifts(self, span: Span) -> Iterator[Span]:
        start, end = span
        inside = [word for word in self._words if start <= word[0] and word[1] <= end]
        before = [word for word in self._words if word[1] <= start]
        after = [word for word in self._words if word[0] >= end]
        if len(inside) > 1:
            yield inside[1][0], end
            yield start, inside[-2][1]
        if before:
            yield before[-1][0], end
        if after:
            yield start, after[0][1]


def _kind(habits: Habits, random: Random) -> str | None:
    drawn = random.random()
    for kind, chance in habits.changes.items():
        if drawn < chance:
            return kind
        drawn -= chance
    return None


def _kept(entity: Entity) -> dict[str, object]:
    return {"assertion": entity.assertion, "attributes": entity.attributes, "codes": entity.codes}

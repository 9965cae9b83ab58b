"""Gold in running text: ``a [54-year-old]{age} [woman]{gender} without [fever]{signs_symptoms negated}``.

Offsets are right by construction, which is why the shipped sample, the generator's templates and
the tests are written this way. Square brackets and braces cannot stand in the text itself.
"""

from __future__ import annotations

import re

from curation.errors import ContradictionError
from curation.record import Assertion, Entity

MARK = re.compile(r"\[(?P<text>[^\[\]]+)\]\{(?P<category>[A-Za-z][\w-]*)(?: (?P<assertion>[a-z]+))?\}")
STRAY = re.compile(r"[\[\]{}]")


def parse_markup(marked: str) -> tuple[str, tuple[Entity, ...]]:
    """The plain text and its entities, numbered T1, T2 ... in the order of the text."""
    plain: list[str] = []
    entities: list[Entity] = []
    length = 0
    after = 0
    for mark in MARK.finditer(marked):
        before = marked[after : mark.start()]
        plain += (before, mark["text"])
        start = length + len(before)
        length = start + len(mark["text"])
        after = mark.end()
        entities.append(
            Entity.at(
                "".join(plain),
                start,
                length,
                mark["category"],
                id=f"T{len(entities) + 1}",
                assertion=Assertion(mark["assertion"] or Assertion.PRESENT),
            )
        )
    plain.append(marked[after:])
    text = "".join(plain)
    if stray := STRAY.search(text):
        raise ContradictionError(
            f"expected marks such as [fever]{{signs_symptoms}}, got a stray {stray[0]!r} at {stray.start()}"
        )
    return text, tuple(entities)

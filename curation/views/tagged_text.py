"""A text with its entities in tags, `<age>54 years</age>` or `<signs_symptoms negated>fever</signs_symptoms>`: written,
and read again with what says where in the text each of them stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from curation.record import Assertion, Entity

#: Characters after a wording that tell which of several places is meant.
AFTER = 48


@dataclass(frozen=True, slots=True)
class TaggedWording:
    """A wording in tags; proof: it with the text after it, where it stands several times."""

    text: str
    category: str
    assertion: Assertion
    proof: str | None


def tag_pattern(names: Collection[str]) -> re.Pattern[str]:
    """What finds the tags of these categories."""
    each = "|".join(sorted(map(re.escape, names), key=len, reverse=True)) or r"(?!)"
    says = "|".join(assertion.value for assertion in Assertion)
    return re.compile(rf"<(?P<open>{each})(?: (?P<says>{says}))?>|</(?P<close>{each})>")


def with_tags(text: str, entities: Sequence[Entity], names: Collection[str]) -> tuple[str | None, Counter[str]]:
    """The text with its entities in tags, and how many tags cannot hold, by reason; None where it has such tags itself.

    Entities may lie within each other. Those that only overlap, of several parts, or without a place are not held.
    """
    if tag_pattern(names).search(text):
        return None, Counter({"in a text that has such tags itself": len(entities)})
    lost: Counter[str] = Counter()
    held: list[Entity] = []
    for entity in sorted(entities, key=lambda entity: (entity.start, -entity.end)):
        if len(entity.spans) != 1:
            lost["of several parts" if entity.spans else "unplaced"] += 1
        elif any(other.start < entity.start < other.end < entity.end for other in held):
            lost["overlapped"] += 1
        elif any(other.spans == entity.spans and other.category == entity.category for other in held):
            lost["twice at one place"] += 1
        else:
            held.append(entity)
    return "".join(_written(text, held)), lost


def _written(text: str, entities: Sequence[Entity]) -> Iterator[str]:
    open_tags: list[Entity] = []
    at = 0
    for entity in entities:
        while open_tags and open_tags[-1].end <= entity.start:
            closed = open_tags.pop()
            yield f"{text[at : closed.end]}</{closed.category}>"
            at = closed.end
        says = "" if entity.assertion is Assertion.PRESENT else f" {entity.assertion.value}"
        yield f"{text[at : entity.start]}<{entity.category}{says}>"
        at = entity.start
        open_tags.append(entity)
    for closed in reversed(open_tags):
        yield f"{text[at : closed.end]}</{closed.category}>"
        at = closed.end
    yield text[at:]


def read_tags(tagged: str, names: Collection[str]) -> tuple[list[TaggedWording], Counter[str]]:
    """The wordings in tags in the order of the text, and how many tags do not fit to another one."""
    plain: list[str] = []
    spans: list[tuple[int, int, str, Assertion]] = []
    open_tags: list[tuple[str, int, Assertion]] = []
    dropped: Counter[str] = Counter()
    length = at = 0
    for mark in tag_pattern(names).finditer(tagged):
        plain.append(tagged[at : mark.start()])
        length += len(plain[-1])
        at = mark.end()
        if name := mark["open"]:
            open_tags.append((name, length, Assertion(mark["says"] or Assertion.PRESENT)))
            continue
        place = next((i for i in reversed(range(len(open_tags))) if open_tags[i][0] == mark["close"]), None)
        if place is None:
            dropped["a tag without its other half"] += 1
            continue
        dropped["a tag without its other half"] += len(open_tags) - place - 1
        name, start, assertion = open_tags[place]
        del open_tags[place:]
        spans.append((start, length, name, assertion))
    plain.append(tagged[at:])
    dropped["a tag without its other half"] += len(open_tags)
    text = "".join(plain)
    return [_wording(text, *span) for span in sorted(spans, key=lambda span: (span[0], -span[1]))], +dropped


def _wording(text: str, start: int, end: int, category: str, assertion: Assertion) -> TaggedWording:
    wording = text[start:end]
    several = bool(wording.strip()) and text.count(wording.strip()) > 1
    return TaggedWording(wording, category, assertion, text[start : end + AFTER].strip() if several else None)

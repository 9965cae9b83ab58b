"""Entities as one label a word, and labels as entities.

B opens an entity, I goes on with it, O is outside (Ramshaw and Marcus 1995). C opens a further
fragment of the latest entity of its category, which keeps discontinuous entities whole. Labels
cannot hold two entities on one word: the longer one wins. What cannot be held is counted, by
reason, never dropped in silence.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation.record import Entity
from curation.tagging.words import Span

OUTSIDE = "O"
OPENS, GOES_ON, CONTINUES = "B", "I", "C"

#: A fragment more than this many words after the latest entity of its category opens a new one.
LONGEST_GAP = 40

#: What no entity begins or ends with; a minus before a number and a closed abbreviation stay.
LEADING = re.compile(r"^(?:[\s,;:.!?)\]}/]|[-\u2013\u2014](?![\d.]))+")
TRAILING = re.compile(r"[\s,;:!?(\[{/\u2013\u2014-]+$")
FULL_STOP = re.compile(r"(?<!\w\.\w)\.$")
BRACKETS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """An entity read from labels: a category, its spans, and the mean probability of its labels (0 to 1)."""

    category: str
    spans: tuple[Span, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Labelled:
    """One label a word, and how many entities the labels do not hold, by reason."""

    labels: tuple[str, ...]
    lost: Counter[str]


def label_set(categories: Iterable[str], *, continued: Iterable[str] = ()) -> tuple[str, ...]:
    """The labels of some categories: O, then B and I of each, and C of those that are ``continued``."""
    continued = set(continued)
    labels = [OUTSIDE]
    for category in categories:
        kinds = (OPENS, GOES_ON, CONTINUES) if category in continued else (OPENS, GOES_ON)
        labels += [f"{kind}-{category}" for kind in kinds]
    return tuple(labels)


def category_of(label: str) -> str:
    """The category of a label; empty for O."""
    return label[2:]


def label_words(entities: Iterable[Entity], words: Sequence[Span]) -> Labelled:
    """The labels of a text's words.

    Reasons of loss: ``unplaced`` (no fragments), ``between words`` (no word at a fragment),
    ``overlapped`` (a longer entity has the word); ``widened`` (a border within a word moves to the
    word's) and ``rejoined`` (a fragment falls to another entity) are held, but changed.
    """
    labels = [OUTSIDE] * len(words)
    lost: Counter[str] = Counter()
    held: list[tuple[str, tuple[Span, ...]]] = []
    for entity in sorted(entities, key=_longest_first):
        ranges = [_words_at(words, *span) for span in entity.spans]
        if not ranges or any(first >= last for first, last in ranges):
            lost["between words" if ranges else "unplaced"] += 1
        elif any(label != OUTSIDE for first, last in ranges for label in labels[first:last]):
            lost["overlapped"] += 1
        else:
            _write(labels, ranges, entity.category)
            spans = tuple((words[first][0], words[last - 1][1]) for first, last in ranges)
            lost["widened"] += spans != entity.spans
            held.append((entity.category, spans))
    read_back = {(category, _spans(words, ranges)) for category, ranges in _ranges(labels)}
    lost["rejoined"] += sum(entry not in read_back for entry in held)
    return Labelled(tuple(labels), +lost)


def read_spans(text: str, words: Sequence[Span], labels: Sequence[str], sure: Sequence[float]) -> list[TaggedSpan]:
    """The entities in a text whose words have these labels, each with the mean of ``sure`` as its score."""
    spans: list[TaggedSpan] = []
    for category, ranges in _ranges(labels):
        found = tuple(span for whole in _spans(words, ranges) if (span := stripped(text, *whole)))
        values = [sure[i] for first, last in ranges for i in range(first, last)]
        if found:
            spans.append(TaggedSpan(category, found, round(sum(values) / len(values), 4)))
    return spans


def stripped(text: str, start: int, end: int) -> Span | None:
    """The span without punctuation at its borders and without half a pair of brackets, or None."""
    before = -1
    while start < end and before != end - start:
        before = end - start
        wording = text[start:end]
        start += len(found[0]) if (found := LEADING.search(wording)) else 0
        wording = text[start:end]
        end -= len(found[0]) if (found := TRAILING.search(wording) or FULL_STOP.search(wording)) else 0
        wording = text[start:end]
        for closing, opening in BRACKETS.items():
            end -= wording.endswith(closing) and wording.count(opening) < wording.count(closing)
            start += wording.startswith(opening) and wording.count(opening) > wording.count(closing)
    return (start, end) if start < end else None


def _longest_first(entity: Entity) -> tuple[int, int, str]:
    return -sum(end - start for start, end in entity.spans), entity.start, entity.category


def _words_at(words: Sequence[Span], start: int, end: int) -> tuple[int, int]:
    """The range of words that share a character with a span, which is empty when there are none."""
    first = bisect_right(words, start, key=lambda word: word[1])
    return first, bisect_left(words, end, key=lambda word: word[0])


def _write(labels: list[str], ranges: Sequence[tuple[int, int]], category: str) -> None:
    for number, (first, last) in enumerate(ranges):
        labels[first] = f"{CONTINUES if number else OPENS}-{category}"
        labels[first + 1 : last] = [f"{GOES_ON}-{category}"] * (last - first - 1)


def _spans(words: Sequence[Span], ranges: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    return tuple((words[first][0], words[last - 1][1]) for first, last in ranges)


def _ranges(labels: Sequence[str]) -> list[tuple[str, list[tuple[int, int]]]]:
    """Category and ranges of words of each entity; an I or C with nothing before it opens one."""
    found: list[tuple[str, list[tuple[int, int]]]] = []
    latest: dict[str, list[tuple[int, int]]] = {}
    for i, label in enumerate(labels):
        kind, category = label[0], category_of(label)
        ranges = latest.get(category)
        if label == OUTSIDE:
            continue
        if kind == GOES_ON and ranges and ranges[-1][1] == i and category_of(labels[i - 1]) == category:
            ranges[-1] = (ranges[-1][0], i + 1)
        elif kind == CONTINUES and ranges and i - ranges[-1][1] <= LONGEST_GAP:
            ranges.append((i, i + 1))
        else:
            latest[category] = [(i, i + 1)]
            found.append((category, latest[category]))
    return found

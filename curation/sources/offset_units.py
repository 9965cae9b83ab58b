"""What the offsets of a source count: code points, UTF-16 units, bytes; line ends; from where; up to which end.

The record counts code points, end-exclusive. Other tools count otherwise, and do not say so. What a document's
offsets count is settled once, from all its annotations: each counting is a hypothesis, held against the wordings.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain, pairwise, product
from unicodedata import is_normalized, normalize

from curation.record import wording
from curation.sources.draft import DraftEntity, Span
from curation.text.alignment import inside_word
from curation.text.folding import fold

#: A character with the marks that follow it.
CLUSTER = re.compile("[\u0300-\u036f]+|.[\u0300-\u036f]*", re.DOTALL)
#: The name of the record's own counting, in which nothing is converted.
CODE_POINTS = "characters"
MARK = "\ufeff"
MARKED = "from a byte order mark"
#: Without wordings, so many offsets must cut words before another counting is believed, or the offsets are refused.
MANY_CUT = 3
#: So many wordings that stand in one place only must be off by the same number of characters.
MANY_AGREE = 3


def _utf16_width(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _utf8_width(character: str) -> int:
    return 1 + (character > "\x7f") + (character > "\u07ff") + (character > "\uffff")


UNITS: dict[str, Callable[[str], int]] = {
    CODE_POINTS: lambda _: 1,
    "UTF-16 units": _utf16_width,
    "bytes": _utf8_width,
}
#: What is added to the width of the carriage return and of a line feed that follows none, by what is said of it.
LINE_ENDS = {"": (0, 0), "line ends as one": (-1, 0), "line ends as two": (0, 1)}


@dataclass(frozen=True, slots=True)
class OffsetCounting:
    """One way to count: where each character of a text stands by it, and whether the end is the last character."""

    name: str
    starts: Sequence[int] = field(repr=False)  #: of each character, and the end of the text
    inclusive: bool = False

    def convert(self, spans: Sequence[Span]) -> tuple[Span, ...] | None:
        """The spans in code points; None when one is out of the text, empty, overlaps or lies within a character."""
        found = []
        for start, end in spans:
            first, last = self._at(start), self._at(end)
            if first is None or last is None or last + self.inclusive <= first:
                return None
            found.append((first, last + self.inclusive))
        ordered = sorted(found)
        if any(right[0] < left[1] for left, right in pairwise(ordered)) or ordered[-1][1] >= len(self.starts):
            return None
        return tuple(found)

    def _at(self, offset: int) -> int | None:
        index = bisect_left(self.starts, offset)
        return index if index < len(self.starts) and self.starts[index] == offset else None


@dataclass(frozen=True, slots=True)
class SettledOffsets:
    """What a document's offsets count, and the spans of each annotation by it (None: none there).

    rivals: other countings that fit as well and put some annotations elsewhere; those annotations are undecided.
    """

    name: str
    spans: dict[int, tuple[Span, ...] | None]
    undecided: frozenset[int] = frozenset()
    rivals: tuple[str, ...] = ()


def settle_offsets(text: str, entities: Sequence[DraftEntity]) -> SettledOffsets:
    """The counting by which most wordings fit; code points where they fit as well as any. Keys are the places in
    ``entities`` of those with spans. Without wordings, another counting is taken only where code points leave the
    text or cut many words, and that one, alone, cuts none.
    """
    placed = {index: entity for index, entity in enumerate(entities) if entity.spans}
    stated = {index: entity for index, entity in placed.items() if entity.wording and entity.wording.strip()}
    plain = OffsetCounting(CODE_POINTS, range(len(text) + 1))
    faces = {index: plain.convert(entity.spans or ()) for index, entity in placed.items()}
    if not stated:
        return _settled_by_borders(text, placed, faces)
    score = _score(text, stated, faces)
    if score[1] == len(stated):
        return SettledOffsets(CODE_POINTS, faces)
    found = {
        counting.name: {index: counting.convert(entity.spans or ()) for index, entity in placed.items()}
        for counting in countings(text)
    }
    scores = {name: _score(text, stated, spans) for name, spans in found.items()}
    best = max(scores.values(), default=score)
    if best <= score or 2 * best[0] <= len(stated):
        shifted = _shifted(text, stated) if 2 * score[0] <= len(stated) else None
        if shifted is None:
            return SettledOffsets(CODE_POINTS, faces)
        return SettledOffsets(
            shifted.name, {index: shifted.convert(entity.spans or ()) for index, entity in placed.items()}
        )
    name, *rivals = (name for name, reached in scores.items() if reached == best)
    rivals = [rival for rival in rivals if found[rival] != found[name]]
    undecided = frozenset(at for at in placed if any(found[name][at] != found[rival][at] for rival in rivals))
    return SettledOffsets(name, found[name], undecided, tuple(rivals))


def countings(text: str) -> list[OffsetCounting]:
    """Every other way to count this text that makes a difference in it, the simplest first."""
    return sorted(chain(_countings(text), _other_forms(text)), key=lambda counting: counting.name.count(","))


def _countings(text: str) -> Iterator[OffsetCounting]:
    seen = {(False, tuple(range(len(text) + 1)))}
    for inclusive, (unit, width), (ends, (carriage, feed)) in product((False, True), UNITS.items(), LINE_ENDS.items()):
        widths = [width(character) for character in text]
        _widen_line_ends(widths, text, carriage, feed)
        added = sum(map(width, MARK))
        marks = {"": 0, MARKED if added > 1 else f"{MARKED} or from 1": added, "from 1": 1} | (
            {"without the byte order mark": -added} if text.startswith(MARK) else {}
        )
        for mark, lead in marks.items():
            starts = tuple(accumulate(widths, initial=lead))
            if (inclusive, starts) not in seen:
                seen.add((inclusive, starts))
                notes = ", ".join(filter(None, (unit, ends, mark, "ends inclusive" if inclusive else "")))
                yield OffsetCounting(notes, starts, inclusive)


def _other_forms(text: str) -> Iterator[OffsetCounting]:
    """The text's characters in its other Unicode forms: composed letters as one, or parted ones as several."""
    if not is_normalized("NFC", text):
        widths: list[int] = []
        for cluster in CLUSTER.findall(text):
            widths += (len(cluster) - 1) * [0] + [len(normalize("NFC", cluster))]
        yield OffsetCounting("composed characters", tuple(accumulate(widths, initial=0)))
    if not is_normalized("NFD", text):
        widths = [len(normalize("NFD", character)) for character in text]
        yield OffsetCounting("decomposed characters", tuple(accumulate(widths, initial=0)))


def _shifted(text: str, stated: dict[int, DraftEntity]) -> OffsetCounting | None:
    """Characters from before or after the text's start, where the wordings that stand in one place only agree on it
    and most wordings fit: the text had a header that it has lost, or has one that it had not.
    """
    votes = Counter(
        min(start for start, _ in entity.spans or ()) - text.index(words)
        for entity in stated.values()
        if text.count(words := (entity.wording or "").strip()) == 1
    )
    for lead, agreeing in votes.most_common(1):
        where = f"{lead} before the text" if lead > 0 else f"{-lead} after its start"
        counting = OffsetCounting(f"{CODE_POINTS}, from {where}", range(lead, lead + len(text) + 1))
        spans = {index: counting.convert(entity.spans or ()) for index, entity in stated.items()}
        fitting, _ = _score(text, stated, spans)
        if agreeing >= MANY_AGREE and 2 * agreeing > votes.total() and 2 * fitting > len(stated):
            return counting
    return None


def _widen_line_ends(widths: list[int], text: str, carriage: int, feed: int) -> None:
    """Counts the line ends otherwise: CRLF as one unit, or a bare line feed as two."""
    at = text.find("\n")
    while at >= 0:
        if at and text[at - 1] == "\r":
            widths[at - 1] += carriage
        else:
            widths[at] += feed
        at = text.find("\n", at + 1)


def _score(text: str, stated: dict[int, DraftEntity], spans: dict[int, tuple[Span, ...] | None]) -> tuple[int, int]:
    """How many wordings stand at the spans, after folding and verbatim."""
    same = verbatim = 0
    for index, entity in stated.items():
        if found := spans[index]:
            there = wording(text, found)
            verbatim += there == entity.wording
            same += same_words(there, entity.wording or "")
    return same, verbatim


def same_words(there: str, stated: str) -> bool:
    """Whether two wordings are one but for white space, case and typography."""
    return there == stated or fold(there).text.split() == fold(stated).text.split()


def _settled_by_borders(
    text: str, placed: dict[int, DraftEntity], faces: dict[int, tuple[Span, ...] | None]
) -> SettledOffsets:
    """Code points, unless they leave the text or cut many words where one other counting cuts none."""
    cut = sum(spans is not None and cuts_words(text, spans) for spans in faces.values())
    if len(placed) < MANY_CUT or (None not in faces.values() and not mostly_cut(cut, len(placed))):
        return SettledOffsets(CODE_POINTS, faces)
    clean: dict[str, dict[int, tuple[Span, ...] | None]] = {}
    for counting in countings(text):
        spans = {index: counting.convert(entity.spans or ()) for index, entity in placed.items()}
        if all(found and _is_clean(text, found) for found in spans.values()) and spans not in clean.values():
            clean[counting.name] = spans
    if len(clean) != 1:
        return SettledOffsets(CODE_POINTS, faces)
    return SettledOffsets(*clean.popitem())


def _is_clean(text: str, spans: Sequence[Span]) -> bool:
    """Whether spans cut no word, and neither begin nor end with white space."""
    return not cuts_words(text, spans) and not any(
        text[start].isspace() or text[end - 1].isspace() for start, end in spans
    )


def mostly_cut(cut: int, total: int) -> bool:
    """Whether so many offsets cut words that they cannot be meant so."""
    return cut >= MANY_CUT and 2 * cut > total


def cuts_words(text: str, spans: Sequence[Span]) -> bool:
    """Whether a span starts or ends within a word or a number."""
    return any(inside_word(text, at) for span in spans for at in span)

"""A text as segments to translate: sentences within lines and cells. What stands between them is copied: line ends,
blanks, bullets, the numbers of lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from curation.text.folding import Span
from curation.text.sentences import sentence_spans

#: What begins a line of a list.
LEAD = re.compile(r"(?:[-*•·‣▪◦–—>#]+|\(?(?:\d{1,2}|[a-z])[.)])[ \t\u00a0]+")
#: What parts the cells of a table.
CELL_BORDER = re.compile(r"[ \u00a0]*\t\s*| {3,}")
LINE_END = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
#: Two signs that end one line, or one.
LINE_ENDS = re.compile(rf"\r\n|{LINE_END.pattern}")
#: What is only a break between two lines, not between paragraphs.
ONE_BREAK = re.compile(r"[ \u00a0]*(?:\r\n|\n|\r)[ \u00a0]*")
#: A line from this length on may end within a sentence.
LONG_LINE = 50
STOPS = (".", ":", ";", "!", "?")


def segments(text: str, language: str) -> list[Span]:
    """Where the segments stand, in order; each has a letter or digit, and those of a wrapped sentence are one."""
    found: list[Span] = []
    for start, end in sentence_spans(text, language):
        lead = LEAD.match(text, start, end)
        for cell in _cells(text, lead.end() if lead else start, end):
            if found and not lead and _goes_on(text, found[-1], cell[0]):
                found[-1] = (found[-1][0], cell[1])
            elif any(map(str.isalnum, text[slice(*cell)])):
                found.append(cell)
    return found


def one_line(text: str) -> str:
    """A segment without line ends, of the same length."""
    return LINE_END.sub(" ", text)


def wrapped(translation: str, segment: str) -> str:
    """The translation of a segment with a line end for each within it, near the same part of it; of the same length:
    two signs that end a line together (CR LF) become one.
    """
    signs = list(translation)
    blanks = [place for place, sign in enumerate(signs) if sign == " "]
    for match in LINE_ENDS.finditer(segment):
        if not blanks:
            break
        expected = match.start() / len(segment) * len(signs)
        nearest = min(blanks, key=lambda place: abs(place - expected))
        blanks = [place for place in blanks if place > nearest]
        signs[nearest] = match[0][-1]
    return "".join(signs)


def chunks(lengths: Sequence[int], most: int) -> Iterator[range]:
    """Segments that are asked for together, by their numbers: so many characters at most, and one segment at least."""
    start = total = 0
    for number, length in enumerate(lengths):
        if number > start and total + length > most:
            yield range(start, number)
            start, total = number, 0
        total += length
    if start < len(lengths):
        yield range(start, len(lengths))


def _cells(text: str, start: int, end: int) -> Iterator[Span]:
    borders = [(start, start), *(match.span() for match in CELL_BORDER.finditer(text, start, end)), (end, end)]
    yield from ((left[1], right[0]) for left, right in pairwise(borders) if left[1] < right[0])


def _goes_on(text: str, before: Span, start: int) -> bool:
    """Whether a sentence goes on in the next line: the one before is long and ends without a stop, this begins low."""
    first = max([before[0], *(match.end() for match in LINE_END.finditer(text, *before))])
    is_long = before[1] - first >= LONG_LINE
    between = text[before[1] : start]
    is_break = bool(ONE_BREAK.fullmatch(between))
    return is_long and is_break and text[start].islower() and not text.endswith(STOPS, *before)

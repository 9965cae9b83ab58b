"""Where a wording stands in a text: exactly, after folding, nearly, or nowhere.

Four steps, each only when the one before found nothing: the wording itself; the wording after
folding case, white space, Unicode form and typography on both sides, with offsets mapped back to the
original's code points; the same without blanks and hyphens that writers set at will (5mg, X ray); what
is similar: without an article, with one word more, a list in another order, else the most similar
span, snapped to words. What is below the minimum, or would change a number, a negation or a side, is
not found: nothing is guessed.

Ideas: alignment status with coverage and density gates (LangExtract, 2025); the best occurrence by
word boundary and nearest hint, without reuse (Adala, 2024).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from curation.record import Alignment
from curation.text.folding import Folded, Span, fold, is_mark
from curation.text.meaning_guard import changes_meaning, covers, token_edges
from curation.text.near_wordings import REORDERED, reordered, with_one_word_more
from curation.text.respacing import respaced

#: Similarity (normalised Indel, 0 to 1) under which a wording counts as not found.
MINIMUM = 0.75
#: Below this, every word of the wording must have a like word in the span, not most of them.
SURE = 0.85
#: Short wordings need more: in five letters, one exchanged letter is another word (ileum, ilium).
SHORT, SHORT_MINIMUM = 8, 0.85
#: Still shorter wordings (folded) are found as they are or not at all.
SHORTEST_FUZZY = 4
#: From this length on, a letter beside a digit counts as a border of the wording (BP150/110).
SHORTEST_SOFT = 4
#: The part of the wording's letters whose words must have a like word in a span that is similar enough.
MOST_COVERED = 0.7
#: How much longer or shorter than the wording a similar span may be.
DENSITY = (0.6, 1.6)
#: Similar spans that are tried before giving up, and occurrences that are compared.
MOST_SPANS, MOST_OCCURRENCES = 4, 2_000
#: Characters around a hint that are searched first; longer texts than this are searched in such windows.
NEAR, WINDOW = 600, 100_000
#: How a hyphen between letters may be written otherwise: not at all, or as a blank.
HYPHENS = ("", " ")
#: An article before a wording, folded; models add one, and gold leaves it out.
ARTICLE = re.compile(r"(?:an?|the|ein(?:e[nmrs]?)?|der|die|das|de[nms]) ")
#: Characters beside a similar span in which its word borders are looked for.
SLACK = 40


@dataclass(frozen=True, slots=True)
class Aligned:
    """Where the wording was found (nowhere: no spans), how, and how similar it is (0 to 1)."""

    spans: tuple[Span, ...] = ()
    alignment: Alignment = Alignment.NONE
    score: float = 0.0


NOT_FOUND = Aligned()


def align(
    wording: str,
    text: str,
    *,
    hint: int | None = None,
    taken: Sequence[Span] = (),
    minimum: float = MINIMUM,
) -> Aligned:
    """The best span of the wording in the text, outside the taken spans.

    hint: the offset near which it is expected; of several occurrences the nearest wins, without a
    hint the first. White space around the wording does not count. ``minimum`` above 1 switches
    similarity off. Offsets are code points of ``text``, end-exclusive.
    """
    wording = wording.strip()
    if not wording or not text:
        return NOT_FOUND
    if span := _best(_occurrences(wording, text), text, hint=hint, taken=taken):
        return Aligned((span,), Alignment.EXACT, 1.0)
    needle, hay = fold(wording).text.strip(), fold(text)
    if not needle:
        return NOT_FOUND
    if span := _best(_folded_occurrences(needle, hay), text, hint=hint, taken=taken):
        return Aligned((span,), Alignment.FOLDED, 1.0)
    for hyphen in HYPHENS:
        spaced = respaced(wording, hyphen).text.strip()
        if span := _best(_folded_occurrences(spaced, respaced(text, hyphen)), text, hint=hint, taken=taken):
            return Aligned((span,), Alignment.FOLDED, 1.0)
    if minimum <= 1 and (article := ARTICLE.match(needle)) and len(needle) - article.end() >= 2:
        bare = needle[article.end() :]
        if span := _best(_folded_occurrences(bare, hay), text, hint=hint, taken=taken):
            return Aligned((span,), Alignment.FUZZY, fuzz.ratio(needle, bare) / 100)
    return _worded_otherwise(needle, hay, text, hint=hint, taken=taken, minimum=minimum) or _similar(
        needle, hay, hint=hint, taken=taken, minimum=minimum
    )


def _worded_otherwise(
    needle: str, hay: Folded, text: str, *, hint: int | None, taken: Sequence[Span], minimum: float
) -> Aligned | None:
    """The words of the wording with one more between them, or as a list in another order."""
    wider, score = with_one_word_more(needle, hay.text)
    for spans, similarity in ((wider, score), (reordered(needle, hay.text), REORDERED)):
        originals = (span for folded in spans if (span := hay.original(*folded)))
        if similarity >= minimum and (span := _best(originals, text, hint=hint, taken=taken)):
            return Aligned((span,), Alignment.FUZZY, similarity)
    return None


def count_places(wording: str, text: str) -> int:
    """In how many places a wording stands as words of their own, after folding."""
    needle = fold(wording).text.strip()
    if not needle:
        return 0
    spans = _folded_occurrences(needle, fold(text))
    return sum(max(_border(text, start), _border(text, end)) == HARD for start, end in spans)


def _occurrences(needle: str, hay: str) -> Iterator[Span]:
    """Every span of the needle, overlapping ones too, up to a bound."""
    start = hay.find(needle)
    for _ in range(MOST_OCCURRENCES):
        if start < 0:
            return
        yield start, start + len(needle)
        start = hay.find(needle, start + 1)


def _folded_occurrences(needle: str, hay: Folded) -> Iterator[Span]:
    for start, end in _occurrences(needle, hay.text):
        if span := hay.original(start, end):
            yield span


def _best(spans: Iterator[Span], text: str, *, hint: int | None, taken: Sequence[Span]) -> Span | None:
    """The span with the cleanest borders, of those the one nearest to the hint, of those the first."""
    best: Span | None = None
    least: tuple[int, int] | None = None
    for span in spans:
        border = max(_border(text, span[0]), _border(text, span[1]))
        if border == INSIDE or (border == SOFT and span[1] - span[0] < SHORTEST_SOFT):
            continue
        if _overlaps(span, taken):
            continue
        cost = (border, abs(span[0] - hint) if hint is not None else 0)
        if least is None or cost < least:
            best, least = span, cost
        if least == (HARD, 0):
            break
    return best


#: How clean a border between two characters is.
HARD, SOFT, INSIDE = 0, 1, 2


def inside_word(text: str, at: int) -> bool:
    """Whether the offset is within a word or a number."""
    return _border(text, at) == INSIDE


def _border(text: str, at: int) -> int:
    """Whether a word may start or end between two characters: "7" does not stand in "7.9", nor "ache" in "headache"."""
    if at <= 0 or at >= len(text):
        return HARD
    before, after = text[at - 1], text[at]
    if is_mark(after):
        return INSIDE
    if _splits_number(text, at):
        return INSIDE
    left, right = before.isalnum() or is_mark(before), after.isalnum()
    if not (left and right):
        return HARD
    return SOFT if before.isdigit() != after.isdigit() else INSIDE


def _splits_number(text: str, at: int) -> bool:
    """Whether a decimal or thousands mark ties the two sides: 7.9, 1,500."""
    if text[at] in ".,·":
        return text[at - 1].isdigit() and at + 1 < len(text) and text[at + 1].isdigit()
    if text[at - 1] in ".,·":
        return text[at].isdigit() and at >= 2 and text[at - 2].isdigit()
    return False


def _overlaps(span: Span, taken: Sequence[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)


def _similar(needle: str, hay: Folded, *, hint: int | None, taken: Sequence[Span], minimum: float) -> Aligned:
    """The most similar span of words that keeps numbers, negations and sides."""
    if len(needle) < SHORT:
        minimum = max(minimum, SHORT_MINIMUM)
    if len(needle) < SHORTEST_FUZZY or minimum > 1:
        return NOT_FOUND
    free = _blank(hay.text, (hay.folded(*span) for span in taken))
    for start, end in _windows(len(free), len(needle), None if hint is None else hay.folded(hint, hint)[0]):
        found = _in_window(needle, hay, free[start:end], start, minimum=minimum)
        if found is not NOT_FOUND:
            return found
    return NOT_FOUND


def _blank(text: str, spans: Iterator[Span]) -> str:
    """The text with the spans made unfindable."""
    for start, end in spans:
        text = text[:start] + "\0" * (end - start) + text[end:]
    return text


def _windows(length: int, needle: int, hint: int | None) -> Iterator[Span]:
    """Where to look: at the hint, near it, then everywhere, in overlapping windows when the text is long."""
    if hint is not None:
        for around in (SLACK, NEAR):
            yield max(0, hint - around), min(length, hint + int(needle * DENSITY[1]) + around)
    overlap = 2 * needle + 2 * SLACK
    for start in range(0, length, WINDOW):
        yield max(0, start - overlap), min(length, start + WINDOW)


def _in_window(needle: str, hay: Folded, window: str, offset: int, *, minimum: float) -> Aligned:
    for _ in range(MOST_SPANS):
        # A span has the needle's length at most: a word dropped inside costs similarity that snapping wins back.
        match = fuzz.partial_ratio_alignment(needle, window, score_cutoff=max(0.0, minimum - 0.2) * 100)
        if match is None or match.dest_end <= match.dest_start or len(window) < len(needle) / 2:
            return NOT_FOUND
        start, end, score = _snapped(needle, window, match.dest_start, match.dest_end)
        span = hay.original(offset + start, offset + end) if end > start else None
        if span and score >= minimum and is_faithful(needle, window[start:end], score):
            return Aligned((span,), Alignment.FUZZY, score)
        window = _blank(window, iter([(match.dest_start, match.dest_end)]))
    return NOT_FOUND


def _snapped(needle: str, window: str, start: int, end: int) -> tuple[int, int, float]:
    """The words around a span that are most like the needle, and how much; the shorter of equals."""
    low, high = max(0, start - SLACK), min(len(window), end + SLACK)
    starts, ends = token_edges(window, low, high)
    best = (start, start, 0.0)
    rights = _nearest(ends, end, 8)
    for left in _nearest(starts, start, 6):
        for right in rights:
            length = right - left
            # No two texts are more alike than their lengths.
            if length <= 0 or 2 * min(length, len(needle)) < best[2] * (length + len(needle)):
                continue
            candidate = window[left:right]
            if "\0" not in candidate:
                score = fuzz.ratio(needle, candidate, score_cutoff=100 * best[2]) / 100
                if (score, -length) > (best[2], best[0] - best[1]):
                    best = (left, right, score)
    return best


def _nearest(edges: Sequence[int], at: int, most: int) -> list[int]:
    """So many of the edges, in order, that are nearest to an offset, the nearest first."""
    after = bisect_left(edges, at)
    return sorted(edges[max(0, after - most) : after + most], key=lambda edge: abs(edge - at))[:most]


def is_faithful(needle: str, found: str, score: float) -> bool:
    """Whether a folded span as similar as this says what the folded wording says."""
    return (
        DENSITY[0] <= len(found) / len(needle) <= DENSITY[1]
        and covers(needle, found, least=MOST_COVERED if score >= SURE else 1.0)
        and not changes_meaning(needle, found)
    )

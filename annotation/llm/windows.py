"""Long texts in overlapping windows that begin and end between sentences."""

from __future__ import annotations

from collections.abc import Sequence

from curation.text.folding import Span
from curation.text.sentences import sentence_spans

#: So many characters make a token, at least: an estimate on the safe side for English and German.
CHARACTERS_A_TOKEN = 3
#: Blanks near the end of a sentence that is too long are looked for in this part of it.
NEAR_END = 0.8


def windows(text: str, language: str, *, longest: int, overlap: float) -> list[Span]:
    """Spans of the text, in order, that cover it: one where it fits, else overlapping ones.

    longest: in tokens, as estimated. overlap: the share of a window that stands in the next one too, at most. A
    sentence that is too long by itself is cut at a blank.
    """
    most = longest * CHARACTERS_A_TOKEN
    shared = int(most * overlap)
    if len(text) <= most:
        return [(0, len(text))]
    edges = _edges(text, language, most)
    found: list[Span] = []
    start = 0
    while True:
        end = max((edge for edge in edges if start < edge <= start + most), default=len(text))
        found.append((start, end))
        if end >= len(text):
            return found
        # Whole sentences are repeated, at most so many that the next window has something new.
        start = min((edge for edge in edges if max(end - shared, start + 1) <= edge <= end), default=end)


def _edges(text: str, language: str, most: int) -> list[int]:
    """Where the text may be cut: behind each sentence, and within those that are longer than a window."""
    ends = [start for start, _ in sentence_spans(text, language)[1:]]
    edges: list[int] = []
    for end in (*ends, len(text)):
        edges += _within(text, edges[-1] if edges else 0, end, most)
        edges.append(end)
    return edges


def _within(text: str, start: int, end: int, most: int) -> Sequence[int]:
    """Where a stretch that is too long is cut: at the last blank that is near enough, else at the limit."""
    cuts: list[int] = []
    while end - start > most:
        blank = max(text.rfind(sign, start + int(most * NEAR_END), start + most) for sign in (" ", "\n"))
        start = blank + 1 if blank > 0 else start + most
        cuts.append(start)
    return cuts

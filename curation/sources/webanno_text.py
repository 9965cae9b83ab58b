"""The text of a WebAnno TSV file, and where each of its rows stands in it.

Offsets count UTF-16 units; a few writers count characters, or begin anew in each sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from curation.sources.webanno_rows import WebannoLayer, WebannoRow, unescaped

UTF16, CHARACTERS = "UTF-16 units", "characters"


@dataclass(slots=True)
class WebannoSentence:
    """A sentence as it stands in the file: the lines of its text, and its rows."""

    lines: list[str] = field(default_factory=list)
    rows: list[WebannoRow] = field(default_factory=list)
    damaged: str = ""  #: where its first damaged line stands

    def texts(self, minor: int) -> list[str]:
        """What its text may be: by the format's escapes, or with those of values too; without a line, its words."""
        if not self.lines:
            return [_of_words(self.rows)]
        joined = "\n".join(self.lines)
        return list(dict.fromkeys((unescaped(joined, minor), unescaped(joined, minor, reserved=True))))


@dataclass(slots=True)
class WebannoDocument:
    """A whole file: its layers, its sentences, and the ids of annotations that stand in lines that are damaged."""

    minor: int
    layers: list[WebannoLayer] = field(default_factory=list)
    sentences: list[WebannoSentence] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)


def _of_words(rows: Sequence[WebannoRow]) -> str:
    """A sentence's text by its words alone, with blanks between them as their offsets say."""
    text = ""
    words = [row for row in rows if "." not in row.unit]
    for row in words:
        text = text.ljust(min(row.start - words[0].start, len(text) + 1)) + row.form
    return text


@dataclass(frozen=True, slots=True)
class PlacedText:
    """The text that sentences make together, where each row stands in it, and which rows do not."""

    text: str
    counting: str
    spans: dict[str, tuple[int, int]]  #: by the row's place in the file
    misplaced: list[WebannoRow]


def placed_text(document: WebannoDocument, limit: int) -> PlacedText | None:
    """The text as the format counts, in UTF-16 units, or in characters where more words are at their offsets so."""
    first = _put_together(document, UTF16, limit)
    if first is None or not first.misplaced or max(first.text, default="") <= "\uffff":
        return first
    second = _put_together(document, CHARACTERS, limit)
    return second if second and len(second.misplaced) < len(first.misplaced) else first


def _put_together(document: WebannoDocument, counting: str, limit: int) -> PlacedText | None:
    """Sentences at the offsets of their first words: a line feed and blanks fill what is between them."""
    parts: list[str] = []
    spans: dict[str, tuple[int, int]] = {}
    misplaced: list[WebannoRow] = []
    length = at = 0
    for sentence in document.sentences:
        options = [_positions(text, counting) for text in sentence.texts(document.minor)]
        begin = sentence.rows[0].start if sentence.rows and sentence.rows[0].unit.endswith("-1") else at + bool(parts)
        text, starts = max(options, key=lambda option: sum(_fits(row, begin, *option) for row in sentence.rows))
        gap = max(0, begin - at)
        if length + gap + len(text) > limit:
            return None
        filled = _between(gap, is_first=not parts, restarts=begin < at)
        parts += (filled, text)
        length += len(filled)
        for row in sentence.rows:
            if _fits(row, begin, text, starts):
                spans[row.where] = (length + starts[row.start - begin], length + starts[row.end - begin])
            else:
                misplaced.append(row)
        length, at = length + len(text), begin + max(starts, default=0)
    return PlacedText("".join(parts), counting, spans, misplaced)


def _between(gap: int, *, is_first: bool, restarts: bool) -> str:
    """What stands before a sentence: blanks for what the format has lost; some writers count each sentence from 0."""
    if is_first:
        return " " * gap
    return "\n" + " " * (gap - 1) if gap or restarts else ""


def _positions(text: str, counting: str) -> tuple[str, dict[int, int]]:
    """A text, and the character at each offset in it; half a character has none."""
    widths = (1 + (counting == UTF16 and character > "\uffff") for character in text)
    return text, {offset: index for index, offset in enumerate(accumulate(widths, initial=0))}


def _fits(row: WebannoRow, begin: int, text: str, starts: dict[int, int]) -> bool:
    start, end = starts.get(row.start - begin), starts.get(row.end - begin)
    return start is not None and end is not None and text[start:end] == row.form

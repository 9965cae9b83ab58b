"""A sentence as pieces that can be put beside those of its translation: words, numbers, signs, parts of compounds."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from curation.text.cognates import shared_letters
from curation.text.folding import Folded, Span, fold
from curation.text.function_words import function_words
from curation.text.glossary import meanings

#: A number, a word with the marks of its letters, or a sign that says something beside a number.
PIECE = re.compile(r"\d+(?:[.,:]\d+)*|(?:[^\W\d_][\u0300-\u036f]*)+|[%°‰+±<>=≥≤]")
#: A part of a compound has so many letters, at least.
PART = 5
#: What is certain of two words on one line of the glossary, and of two that share the letters of a stem.
MEANT, SPELT = 0.9, 0.95


@dataclass(frozen=True, slots=True)
class Word:
    """A word, where it stands, and its folded letters."""

    start: int
    end: int
    folded: Folded
    is_function: bool

    @property
    def text(self) -> str:
        """Its letters without typography."""
        return self.folded.text


@dataclass(frozen=True, slots=True)
class Evidence:
    """That letters of one word mean the same as letters of another, and how certain that is."""

    certainty: float
    first: Span
    second: Span


@dataclass(frozen=True, slots=True)
class WordPiece:
    """A word or a part of one: where it stands in the text, and which folded letters of its word it is."""

    start: int
    end: int
    word: int
    letters: Span
    is_function: bool


def words_of(text: str, language: str) -> list[Word]:
    """The words of a text, in order."""
    functions = function_words(language)
    found = []
    for match in PIECE.finditer(text):
        folded = fold(match[0])
        found.append(Word(match.start(), match.end(), folded, folded.text in functions))
    return found


def evidence(first: Word, second: Word, languages: tuple[str, str]) -> list[Evidence]:
    """What says that two words, or parts of them, mean the same."""
    whole = (0, len(first.text)), (0, len(second.text))
    if first.text == second.text:
        return [Evidence(1.0, *whole)]
    if not (first.text[:1].isalpha() and second.text[:1].isalpha()):
        same = first.text.replace(",", ".") == second.text.replace(",", ".")
        return [Evidence(1.0, *whole)] if same else []
    lines = meanings(second.text, languages[1])
    found = [
        Evidence(MEANT, (meaning.start, meaning.end), (other.start, other.end))
        for meaning in meanings(first.text, languages[0])
        for other in lines
        if meaning.line == other.line
    ]
    if shared := shared_letters(first.text, second.text):
        found.append(Evidence(SPELT * shared.share, shared.first, shared.second))
    return found


def pieces_of(words: Sequence[Word], marks: Sequence[Collection[Span]], spans: Iterable[Span] = ()) -> list[WordPiece]:
    """Words cut where letters that mean something begin or end, and where a span does.

    marks: for each word, the folded letters that mean something in the other language.
    """
    edges = sorted({edge for span in spans for edge in span})
    pieces = []
    for number, (word, marked) in enumerate(zip(words, marks, strict=True)):
        inside = edges[bisect_left(edges, word.start + 1) : bisect_left(edges, word.end)]
        cuts = {*_cuts(word, marked), *(bisect_left(word.folded.starts, edge - word.start) for edge in inside)}
        for start, end in pairwise(sorted({0, *cuts, len(word.text)})):
            if at := word.folded.original(start, end):
                pieces.append(WordPiece(word.start + at[0], word.start + at[1], number, (start, end), word.is_function))
    return pieces


def _cuts(word: Word, marked: Collection[Span]) -> list[int]:
    """Where a compound is cut: parts that link others (Niere|n, Hilf|s) belong to what is before them."""
    if word.is_function:
        return []
    cuts = {edge for span in marked for edge in span}
    ends = len(word.text)
    apart = [cut for cut in cuts if not any(0 < other - cut <= 2 for other in cuts)]
    return [cut for cut in apart if PART - 1 <= cut <= ends - PART and word.folded.original(0, cut)]

"""How certain it is that pieces of a text and of its translation mean the same, and where the letters of one go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from curation.text.folding import Span
from curation.translate.projection.meanings import WordMeanings
from curation.translate.projection.pieces import Evidence, WordPiece, evidence, pieces_of, words_of
from curation.translate.projection.projected import Fragments
from curation.translate.projection.transport import transport
from curation.translate.projection.weights import LINKED, Weighing, within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

#: Evidence by the numbers of the words of both texts.
Known = Mapping[tuple[int, int], Sequence[Evidence]]

#: How certain it is of pieces of a known place, and of all others of the same span or place.
CERTAIN, NEVER = 1.0, -1.0
#: What the letters of a function word weigh.
FUNCTION = 0.2
#: Distances from the expected place that cost as much as all that can be known, in characters: round by round, at first
#: the length of the text.
REACHES = (None, 30.0, 30.0)
#: Characters after which a neighbour says a third as much about where a piece is expected; what the piece's own place
#: in the text says beside them.
NEAR, PRIOR = 12.0, 0.1


@dataclass(frozen=True, slots=True)
class Side:
    """One of two texts with the same meaning."""

    text: str
    language: str


def weighing(
    source: Side,
    target: Side,
    spans: Iterable[Span],
    known_places: Sequence[tuple[Fragments, Fragments]] = (),
    *,
    meanings: WordMeanings | None = None,
) -> Weighing | None:
    """Both texts weighed against each other; None where one has no words.

    The source's words are cut at the edges of the spans too. known_places: spans of the source with their places in the
    target: what is in the one means what is in the other, and nothing else does. meanings: tells of words by which
    neither spelling nor glossary says anything.
    """
    first, second = words_of(source.text, source.language), words_of(target.text, target.language)
    found = {
        (row, column): each
        for row, word in enumerate(first)
        if not word.is_function
        for column, other in enumerate(second)
        if not other.is_function and (each := evidence(word, other, (source.language, target.language)))
    }
    sources = pieces_of(first, _letters(len(first), ((row, each.first) for (row, _), each in _each(found))), spans)
    targets = pieces_of(second, _letters(len(second), ((column, each.second) for (_, column), each in _each(found))))
    if not sources or not targets:
        return None
    known = _certainties(sources, targets, found)
    if meanings is not None:
        _add_meanings(known, (source.text, sources), (target.text, targets), meanings)
    for fragments, places in known_places:
        rows, columns = within(sources, fragments), within(targets, places)
        known[rows, :] = known[:, columns] = NEVER
        known[np.ix_(rows, columns)] = CERTAIN
    plan = _plan(sources, targets, known, len(target.text) / len(source.text))
    return Weighing(source.text, target.text, sources, targets, known, plan)


def _each(found: Known) -> Iterator[tuple[tuple[int, int], Evidence]]:
    for words, several in found.items():
        for each in several:
            yield words, each


def _letters(words: int, found: Iterable[tuple[int, Span]]) -> list[set[Span]]:
    """For each word, the letters that mean something."""
    letters: list[set[Span]] = [set() for _ in range(words)]
    for number, span in found:
        letters[number].add(span)
    return letters


def _certainties(first: Sequence[WordPiece], second: Sequence[WordPiece], found: Known) -> Matrix:
    known: Matrix = np.zeros((len(first), len(second)))
    rows, columns = _by_word(first), _by_word(second)
    for (word, other), each in _each(found):
        for row in rows.get(word, ()):
            share = each.certainty * _share(each.first, first[row].letters)
            for column in columns.get(other, ()):
                both = share * _share(each.second, second[column].letters)
                known[row, column] = max(known[row, column], both)
    return known


def _add_meanings(
    known: Matrix,
    first: tuple[str, Sequence[WordPiece]],
    second: tuple[str, Sequence[WordPiece]],
    meanings: WordMeanings,
) -> None:
    """Add what words mean, where nothing links one of the two already."""
    (text, ours), (other, theirs) = first, second
    rows = np.flatnonzero([not piece.is_function for piece in ours])
    columns = np.flatnonzero([not piece.is_function for piece in theirs])
    found = meanings.certainties(
        [text[ours[row].start : ours[row].end] for row in rows],
        [other[theirs[column].start : theirs[column].end] for column in columns],
    )
    free = (known[rows].max(axis=1, initial=0.0) < LINKED)[:, None] & (
        known[:, columns].max(axis=0, initial=0.0) < LINKED
    )
    at = np.ix_(rows, columns)
    known[at] = np.where(free, np.maximum(known[at], found), known[at])


def _by_word(pieces: Sequence[WordPiece]) -> dict[int, list[int]]:
    """The numbers of the pieces of each word."""
    numbers: dict[int, list[int]] = {}
    for number, piece in enumerate(pieces):
        numbers.setdefault(piece.word, []).append(number)
    return numbers


def _share(letters: Span, piece: Span) -> float:
    """How much of the letters that mean something lies in a piece."""
    return max(0, min(letters[1], piece[1]) - max(letters[0], piece[0])) / (letters[1] - letters[0])


def _plan(first: Sequence[WordPiece], second: Sequence[WordPiece], known: Matrix, longer: float) -> Matrix:
    """Where the letters of each piece go. The second text is so many times as long as the first.

    At first each piece is expected at its own place in the text, then beside those around it of which it is known where
    they went: clauses that change places move as a whole.
    """
    masses = _masses(first), _masses(second)
    middles, others = _middles(first) * longer, _middles(second)
    expected, plan = middles, known
    for reach in REACHES:
        distances = np.abs(expected[:, None] - others[None, :]) / (reach or second[-1].end)
        plan = transport(known - np.minimum(distances, 1.0), *masses)
        expected = _expected(plan * np.maximum(known, 0.0), plan.sum(axis=1), middles, others)
    return plan


def _expected(linked: Matrix, masses: Matrix, middles: Matrix, others: Matrix) -> Matrix:
    """Where each piece is expected by those around it of which it is known where they went."""
    strength = linked.sum(axis=1)
    places = np.divide(linked @ others, strength, out=middles.copy(), where=strength > 0)
    near = np.exp(-np.abs(middles[:, None] - middles[None, :]) / NEAR) * (strength / masses)[None, :]
    expected: Matrix = middles + near @ (places - middles) / (near.sum(axis=1) + PRIOR)
    return expected


def _masses(pieces: Sequence[WordPiece]) -> Matrix:
    return np.array([(piece.end - piece.start) * (FUNCTION if piece.is_function else 1.0) for piece in pieces])


def _middles(pieces: Sequence[WordPiece]) -> Matrix:
    return np.array([piece.start + piece.end for piece in pieces]) / 2

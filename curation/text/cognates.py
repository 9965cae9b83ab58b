"""Words of one origin in two languages (cerebral, zerebral): their letters in one spelling, and what they share."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from curation.text.folding import fold

#: Letters that English and German write differently in words of one origin, in a folded word.
SPELT = (
    *(("ph", "f"), ("th", "t"), ("sch", "s"), ("sh", "s"), ("ck", "k"), ("c", "k"), ("z", "k"), ("y", "i")),
    *(("oe", "e"), ("ae", "e"), ("ue", "u"), ("x", "ks"), ("w", "v")),
)
_SPELT = dict(SPELT)
_SPELLING = re.compile("|".join(sorted(_SPELT, key=len, reverse=True)) + "|.", flags=re.DOTALL)
#: Endings that words of one origin have in one language only, in their common spelling.
ENDINGS = tuple(
    sorted(
        "ikation isation ation itet ment nes tion ion iti ung ive iv ous oes ose is ikal ik al ar er ed en es em ing "
        "ia ie li i e s n".split(),
        key=len,
        reverse=True,
    )
)
#: Letters of a stem that words of one origin share, at least; of an ending's word that are left.
SHARED, LEFT = 4, 3


class Skeleton(NamedTuple):
    """A folded word in one spelling for both languages; for each of its letters, where it starts in the word."""

    text: str
    starts: tuple[int, ...]


class SharedLetters(NamedTuple):
    """Letters that two words share, in each of them, and how much of the stem they are, up to 1."""

    share: float
    first: tuple[int, int]
    second: tuple[int, int]


@lru_cache(maxsize=20_000)
def folded_word(word: str) -> str:
    """A word without its typography: words come again, texts do not."""
    return fold(word).text


@lru_cache(maxsize=20_000)
def skeleton(word: str) -> Skeleton:
    """A folded word in one spelling."""
    letters: list[str] = []
    starts: list[int] = []
    for match in _SPELLING.finditer(word):
        for letter in _SPELT.get(match[0], match[0]):
            if not letters or letters[-1] != letter:
                letters.append(letter)
                starts.append(match.start())
    return Skeleton("".join(letters), (*starts, len(word)))


@lru_cache(maxsize=50_000)
def shared_letters(first: str, second: str) -> SharedLetters | None:
    """The longest run of letters that two folded words share and that one of them begins with; None without a stem."""
    if not first or not second:
        return None
    one, other = skeleton(first), skeleton(second)
    ways = [(0, start) for start in range(len(other.text))] + [(start, 0) for start in range(1, len(one.text))]
    found = [(_run(one.text, other.text, *way), way) for way in ways]
    length, (begin, begin_other) = max(found)
    stem = min(_stem(word.text) for word, start in ((one, begin), (other, begin_other)) if start == 0)
    if length < min(SHARED, max(LEFT, stem)) or (length < SHARED and length != stem):
        return None
    return SharedLetters(
        min(1.0, length / max(stem, SHARED)),
        (one.starts[begin], one.starts[begin + length]),
        (other.starts[begin_other], other.starts[begin_other + length]),
    )


def _run(first: str, second: str, start: int, start_second: int) -> int:
    """How many letters are equal from there on."""
    length = 0
    for letter, other in zip(first[start:], second[start_second:], strict=False):
        if letter != other:
            break
        length += 1
    return length


@lru_cache(maxsize=20_000)
def _stem(text: str) -> int:
    """The length of a skeleton without its ending."""
    endings = (ending for ending in ENDINGS if text.endswith(ending) and len(text) - len(ending) >= LEFT)
    return len(text) - len(next(endings, ""))

"""Whether two similar wordings mean the same: the numbers, the negations, the sides, the words covered.

Works on folded text (`curation.text.folding`): lower case, umlauts written out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import product

from rapidfuzz import fuzz

from curation.text.numbers import FIGURES

NUMBER = re.compile(FIGURES)
WORD = re.compile(r"[^\W\d_]+")
TOKEN = re.compile(rf"{FIGURES}\w*|\w+|[^\w\s\x00]")

#: Words that turn a finding round.
POLAR = frozenset(
    """
    no not non without never denies denied denying absent absence neither nor free negative positive
    left right bilateral unilateral upper lower increased decreased high low elevated reduced normal abnormal
    kein keine keinen keiner keinem keines nicht ohne nie niemals weder frei negativ positiv
    links rechts linke linken linker linkes linkem rechte rechten rechter rechtes rechtem beidseits beidseitig
    erhoeht erniedrigt hoch niedrig normal
    """.split()
)
#: Beginnings and ends that turn a word round, and beginnings that exclude each other.
TURNING_PREFIXES = ("a", "an", "un", "in", "im", "ir", "il", "non", "nicht", "dis", "de", "anti", "ab")
TURNING_SUFFIXES = ("less", "free", "los", "lose", "loser", "loses", "losen", "frei", "freie", "freier")
OPPOSED_PREFIXES = (
    *("hypo", "hyper", "brady", "tachy", "oligo", "poly", "supra", "infra", "intra", "extra", "inter"),
    *("pre", "prae", "post", "endo", "ecto", "mono", "bi", "hemi"),
)
#: How much alike (0 to 100) two words are that stand for each other.
LIKE = 65


def changes_meaning(wording: str, found: str) -> bool:
    """Whether the other wording lacks a number of the wording, or differs in a negation, a side or a direction."""
    if _numbers(wording) - _numbers(found):
        return True
    ours, theirs = Counter(WORD.findall(wording)), Counter(WORD.findall(found))
    only_ours, only_theirs = ours - theirs, theirs - ours
    if any(word in POLAR for word in (*only_ours, *only_theirs)):
        return True
    return any(_turns(left, right) for left, right in product(only_ours, only_theirs))


def covers(wording: str, found: str, *, least: float) -> bool:
    """Whether words that make up this part of the wording's letters have a like word in the other wording."""
    theirs = WORD.findall(found)
    ours = WORD.findall(wording)
    met = sum(len(word) for word in ours if any(fuzz.ratio(word, other) >= LIKE for other in theirs))
    return met >= least * sum(map(len, ours))


def token_edges(text: str, low: int, high: int) -> tuple[list[int], list[int]]:
    """Where words, numbers and marks start and end between two offsets; words that reach over are left out."""
    tokens = [
        match.span()
        for match in TOKEN.finditer(text, low, high)
        if not (match.start() == low > 0 and text[low - 1].isalnum())
        and not (match.end() == high < len(text) and text[high].isalnum())
    ]
    return [start for start, _ in tokens], [end for _, end in tokens]


def _numbers(text: str) -> Counter[str]:
    return Counter(number.replace(",", ".") for number in NUMBER.findall(text))


def _turns(left: str, right: str) -> bool:
    """Whether two like words contradict each other: hypotension, hypertension; febrile, afebrile; pain, painless."""
    return (
        _opposed(left, right)
        or _turned(left, right, TURNING_PREFIXES, at_start=True)
        or _turned(right, left, TURNING_PREFIXES, at_start=True)
        or _turned(left, right, TURNING_SUFFIXES, at_start=False)
        or _turned(right, left, TURNING_SUFFIXES, at_start=False)
    )


def _opposed(left: str, right: str) -> bool:
    mine, theirs = _prefix(left, OPPOSED_PREFIXES), _prefix(right, OPPOSED_PREFIXES)
    return bool(mine and theirs and mine != theirs)


def _prefix(word: str, prefixes: Iterable[str]) -> str:
    """The longest of the beginnings that the word has."""
    return max((prefix for prefix in prefixes if word.startswith(prefix)), key=len, default="")


def _turned(plain: str, longer: str, affixes: Iterable[str], *, at_start: bool) -> bool:
    """Whether the longer word is the plain one with an affix: without it, the two are more alike than with it."""
    alike = fuzz.ratio(plain, longer)
    for affix in affixes:
        if at_start and longer.startswith(affix):
            rest = longer[len(affix) :]
        elif not at_start and longer.endswith(affix):
            rest = longer[: -len(affix)]
        else:
            continue
        if len(rest) >= 3 and rest[0] == plain[0] and fuzz.ratio(plain, rest) > max(alike, 85):
            return True
    return False

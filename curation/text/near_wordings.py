"""Where the words of a folded wording stand with one word more between them, or as a list in another order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from curation.text.folding import Span
from curation.text.meaning_guard import POLAR, TOKEN

#: What joins the parts of a list, which models put in another order.
LIST_SIGN = re.compile(r"[,;]|\b(?:and|or|und|oder)\b")
WORD = re.compile(r"[^\W_]+")
#: The score of a list in another order: all is there, not as it was said.
REORDERED = 0.95
#: By how much of a word a further one lessens the score.
WORD_MORE = 0.5


def with_one_word_more(wording: str, text: str) -> tuple[list[Span], float]:
    """The spans that have the wording's words in order and one more between them, and how similar they are.

    The further word is one of letters, and no negation or side: those would say something else.
    """
    words = TOKEN.findall(wording)
    if len(words) < 2:
        return [], 0.0
    return list(_wider(words, text)), len(words) / (len(words) + WORD_MORE)


def _wider(words: list[str], text: str) -> Iterator[Span]:
    tokens, number = _tokens(TOKEN, text), len(words)
    for first in _places(text).get(words[0], ()):
        if first + number >= len(tokens) or tokens[first + number][0] != words[-1]:
            continue
        found = [token for token, _, _ in tokens[first : first + number + 1]]
        more = next(place for place, word in enumerate([*words, ""]) if word != found[place])
        if found[:more] + found[more + 1 :] == words and found[more].isalpha() and found[more] not in POLAR:
            yield tokens[first][1], tokens[first + number][2]


@lru_cache(maxsize=128)
def _places(text: str) -> dict[str, list[int]]:
    """The numbers of a text's tokens by their words."""
    places: dict[str, list[int]] = {}
    for number, (token, _, _) in enumerate(_tokens(TOKEN, text)):
        places.setdefault(token, []).append(number)
    return places


def reordered(wording: str, text: str) -> Iterator[Span]:
    """The spans that have the very words of a list in another order, whatever stands between them.

    A negation or a side has to stand before the same word.
    """
    if not LIST_SIGN.search(wording):
        return
    ours = [word for word, _, _ in _tokens(WORD, wording)]
    if len(ours) < 2:
        return
    wanted, turned, number, tokens = Counter(ours), _turned(ours), len(ours), _tokens(WORD, text)
    for first in range(len(tokens) - number + 1):
        last = first + number - 1
        # Marks that a list needs, and no more: it does not go on in another sentence.
        if tokens[first][0] not in wanted or abs(tokens[last][2] - tokens[first][1] - len(wording)) > number:
            continue
        theirs = [word for word, _, _ in tokens[first : last + 1]]
        if wanted == Counter(theirs) and turned == _turned(theirs):
            yield tokens[first][1], tokens[last][2]


def _turned(words: Sequence[str]) -> set[tuple[str, str]]:
    """The words that turn something round, each with what it turns."""
    return {(word, after) for word, after in zip(words, [*words[1:], ""], strict=True) if word in POLAR}


@lru_cache(maxsize=512)
def _tokens(pattern: re.Pattern[str], text: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((token[0], token.start(), token.end()) for token in pattern.finditer(text))

"""What an answer says, once it is read: quotes, links between them, document labels, and what could not be read."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from curation.errors import LanguageModelError
from curation.record import Assertion
from curation.text.folding import Span

#: Half of a surrogate pair and NUL, which no store takes.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: The keys of answers in the letters that are asked for: among these alone, none is in others.
ANSWERED = frozenset({"entities", "relations", "labels", "id", "text", "category", "assertion", "attributes"})
#: How umlauts are written where there are none; case folding has written out ß.
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True, slots=True)
class Quote:
    """A wording that the model gives as standing in the record.

    evidence: the passage that is given as its proof, where the prompt asks for one. said: where the wording stands in
    the answer; probability: of its tokens there; both where the model gives its tokens' probabilities.
    """

    text: str
    category: str
    assertion: Assertion = Assertion.PRESENT
    attributes: Mapping[str, str] = field(default_factory=dict)
    evidence: str | None = None
    said: Span | None = field(default=None, compare=False)
    probability: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Link:
    """A relation of that type between two quotes, by their places in the list."""

    type: str
    head: int
    tail: int


@dataclass(slots=True)
class Reading:
    """An answer as values: quotes in the model's order, document labels, its repairs, and what was left out.

    `read_as` counts what the model gave in another word of the field. `unread`: categories and document labels of which
    the answer says nothing that can be read, which is another thing than their absence.
    """

    quotes: list[Quote] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    read_as: Counter[str] = field(default_factory=Counter)


class NotReadError(LanguageModelError):
    """An answer of which nothing can be read; `problem` is said to the model too (prompts/shared)."""

    def __init__(self, problem: str, expected: str, kind: str = "unparsable") -> None:
        super().__init__(kind, f"expected {expected} as the answer, got something else")
        self.problem = problem


def storable(value: object) -> str | None:
    """A wording that a store takes, without white space around it; None for anything else."""
    if not isinstance(value, str) or not value.strip() or UNSTORABLE.search(value):
        return None
    return value.strip()


def parts_of(value: object) -> list[object]:
    """What a list holds; anything else, an empty list too, as the only part."""
    return value if isinstance(value, list) and value else [value]


def wordings(value: object) -> list[str | None]:
    """The wordings in a value: of a string one, of a list of strings each; None for what is no wording."""
    return [storable(part) for part in parts_of(value)]


def number(value: object) -> str | None:
    """A number in digits; None for anything else, also for what JSON does not know (NaN)."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return str(value) if is_number else None


@lru_cache(maxsize=4096)
def plain(word: str) -> str:
    """A name without case, blanks and signs between its words, with umlauts written out."""
    composed = unicodedata.normalize("NFC", word.strip()).casefold().translate(UMLAUTS)
    return re.sub(r"[\s_\-/&]+", "_", composed)


def value_of(content: Mapping[str, object], key: str, reading: Reading | None = None) -> object:
    """The value of a key, also where it is written in other letters (Text), which is counted; None where there is none
    or several.
    """
    if key in content or content.keys() <= ANSWERED:
        return content.get(key)
    found = [name for name in content if isinstance(name, str) and plain(name) == key]
    if len(found) != 1:
        return None
    if reading is not None:
        reading.read_as["a key in other letters"] += 1
    return content[found[0]]


def the_only(value: object) -> object:
    """What a list of one holds; anything else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def completed(left: Reading, right: Reading) -> Reading:
    """Of two answers to one question the one that says more, with what the other says of what it leaves unread."""
    more, less = (left, right) if len(left.unread) <= len(right.unread) else (right, left)
    lacking = [name for name in more.unread if name not in less.unread]
    if not lacking:
        return more
    return replace(
        more,
        quotes=[*more.quotes, *(quote for quote in less.quotes if quote.category in lacking)],
        labels=more.labels | {name: value for name, value in less.labels.items() if name in lacking},
        unread=[name for name in more.unread if name in less.unread],
        repaired=[*more.repaired, *less.repaired],
    )


def known_name(word: object, names: Mapping[str, Sequence[str]]) -> str | None:
    """The name that a word means: itself, or one of the other words for it, in any case; None where none or several."""
    if not isinstance(word, str):
        return None
    if word in names:
        return word
    meant = [name for name, others in names.items() if plain(word) in map(plain, (name, *others))]
    return meant[0] if len(meant) == 1 else None

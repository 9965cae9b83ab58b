"""What an answer says, once it is read: quotes, links between them, document labels, and what could not be read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from curation.errors import LanguageModelError
from curation.record import Assertion

#: Half of a surrogate pair and NUL, which no store takes.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Quote:
    """A wording that the model gives as standing in the record.

    evidence: the passage that is given as its proof, where the prompt asks for one.
    """

    text: str
    category: str
    assertion: Assertion = Assertion.PRESENT
    attributes: Mapping[str, str] = field(default_factory=dict)
    evidence: str | None = None


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


def plain(word: str) -> str:
    """A name without case, blanks and signs between its words."""
    return re.sub(r"[\s_\-/&]+", "_", word.strip()).casefold()


def known_name(word: object, names: Mapping[str, Sequence[str]]) -> str | None:
    """The name that a word means: itself, or one of the other words for it, in any case; None where none or several."""
    if not isinstance(word, str):
        return None
    if word in names:
        return word
    meant = [name for name, others in names.items() if plain(word) in map(plain, (name, *others))]
    return meant[0] if len(meant) == 1 else None

"""The kinds of author that layers and decisions have: their names, their ranks, and how both are written and read.

A layer's name is its author's kind, with the person or the annotator's own name behind a colon where there are
several: ``gold``, ``rules``, ``human:anna``. An author is written as ``rules@1``, ``adapter:NAME@REVISION``,
``human:anna``. Nobody else writes or reads such a prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class AuthorKind(StrEnum):
    """Who says what a layer says."""

    GOLD = "gold"
    CONSENSUS = "consensus"
    HUMAN = "human"
    #: A person's second answer on a record that came again unnoticed.
    REPEAT = "repeat"
    ADAPTER = "adapter"
    LLM = "llm"
    FEW_SHOT = "few-shot"
    RULES = "rules"
    #: A layer under a name of the user's own.
    OTHER = "other"


#: Whose layer is checked where a record has several, the most preferred first. What people say together comes before
#: a single person; gold comes last, since gold that people made is in `consensus` too, and imported gold is there to
#: measure with.
VALIDATION_RANK = (
    AuthorKind.CONSENSUS,
    AuthorKind.HUMAN,
    AuthorKind.ADAPTER,
    AuthorKind.LLM,
    AuthorKind.FEW_SHOT,
    AuthorKind.RULES,
    AuthorKind.OTHER,
    AuthorKind.REPEAT,
    AuthorKind.GOLD,
)

#: Whose layer is shown to reviewers as a pre-annotation, the best first; no other kind is shown unless it is asked for.
REVIEW_RANK = (AuthorKind.ADAPTER, AuthorKind.LLM, AuthorKind.FEW_SHOT, AuthorKind.RULES)

#: People's own words; layers of these kinds in two languages say the same where the texts do.
PEOPLE = frozenset({AuthorKind.GOLD, AuthorKind.CONSENSUS, AuthorKind.HUMAN})

_SEPARATOR = re.compile(r"[:@]")


def kind_of(name: str) -> AuthorKind:
    """The kind of author that a layer's name or an author's name tells; OTHER where it tells none."""
    kind = _SEPARATOR.split(name, maxsplit=1)[0]
    return AuthorKind(kind) if kind in set(AuthorKind) else AuthorKind.OTHER


def layer_name(kind: AuthorKind, own: str | None = None) -> str:
    """The name of a layer by an author of that kind: ``rules``, ``human:anna``."""
    return f"{kind}:{own}" if own else str(kind)


def own_name(name: str) -> str:
    """What stands behind the kind: ``anna`` of ``human:anna``, nothing of ``rules``."""
    return name.partition(":")[2]


def human(person: str) -> str:
    """How a person signs layers and decisions."""
    return layer_name(AuthorKind.HUMAN, person)


def is_human(name: str) -> bool:
    """Whether a layer or a decision is a single person's."""
    return kind_of(name) is AuthorKind.HUMAN


def ranked(names: Iterable[str], rank: tuple[AuthorKind, ...]) -> tuple[str, ...]:
    """The names whose kinds stand in the rank, the best first, and by name within a kind."""
    return tuple(sorted((name for name in names if kind_of(name) in rank), key=lambda n: (rank.index(kind_of(n)), n)))

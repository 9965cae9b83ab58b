"""The kinds of author that layers and decisions have: their names, their ranks, and how both are written and read.

A layer's name is its author's kind, with the person or the annotator's own name behind a colon where there are
several: ``gold``, ``rules``, ``human:anna``. An author is written as ``rules@1``, ``adapter:NAME@REVISION``,
``human:anna``. No other module writes or reads such a prefix.

Users may name layers as they like (``adapter2``, ``rules-old``, ``qwen``). Such a name has no kind, however it
begins: the layer has the kind of its author, which the annotator signs and no option changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class AuthorKind(StrEnum):
    """Who wrote a layer."""

    GOLD = "gold"
    CONSENSUS = "consensus"
    HUMAN = "human"
    #: A person's second answer on a record that came again unnoticed.
    REPEAT = "repeat"
    ADAPTER = "adapter"
    LLM = "llm"
    FEW_SHOT = "few-shot"
    RULES = "rules"
    #: A person's answer of which it is not settled whose it is: it counts for nobody.
    DOUBTED = "doubted"
    #: Neither the layer's name nor its author tells a kind.
    OTHER = "other"


#: Whose layer is checked where a record has several, the most preferred first. What people say together comes before
#: a single person, and rules, which measured better, before few-shot (docs/decisions/cold-start.md); gold comes last,
#: since gold that people made is in `consensus` too, and imported gold is there to measure with.
VALIDATION_RANK = (
    AuthorKind.CONSENSUS,
    AuthorKind.HUMAN,
    AuthorKind.ADAPTER,
    AuthorKind.LLM,
    AuthorKind.RULES,
    AuthorKind.FEW_SHOT,
    AuthorKind.OTHER,
    AuthorKind.REPEAT,
    AuthorKind.GOLD,
)

#: Whose layer is shown to reviewers as a pre-annotation, the best first; no other kind is shown unless it is asked for.
REVIEW_RANK = (AuthorKind.ADAPTER, AuthorKind.LLM, AuthorKind.RULES, AuthorKind.FEW_SHOT)

#: People's own words; layers of these kinds in two languages say the same where the texts do.
PEOPLE = frozenset({AuthorKind.GOLD, AuthorKind.CONSENSUS, AuthorKind.HUMAN})

#: The kinds that a name can tell.
_NAMED = frozenset(AuthorKind) - {AuthorKind.OTHER}
_SEPARATOR = re.compile(r"[:@]")


def kind_of(name: str) -> AuthorKind:
    """The kind in the name of a layer, an author or an annotator; OTHER where the name has none."""
    kind = _SEPARATOR.split(name, maxsplit=1)[0]
    return AuthorKind(kind) if kind in _NAMED else AuthorKind.OTHER


def layer_kind(name: str, author: str) -> AuthorKind:
    """The kind of a layer: the one in its name, else the one in its author."""
    named = kind_of(name)
    return kind_of(author) if named is AuthorKind.OTHER else named


def layer_name(kind: AuthorKind, own: str | None = None) -> str:
    """The name of a layer by an author of that kind: ``rules``, ``human:anna``."""
    return f"{kind}:{own}" if own else str(kind)


def author_name(kind: AuthorKind, own: str | None = None, *, revision: object) -> str:
    """How an annotator signs: ``rules@1``, ``adapter:NAME@REVISION``."""
    return f"{layer_name(kind, own)}@{revision}"


def own_name(name: str) -> str:
    """What stands behind the kind: ``anna`` of ``human:anna``, nothing of ``rules``."""
    return name.partition(":")[2]


def human(person: str) -> str:
    """The author of a person's layers and decisions; without a name, the prefix of all such authors."""
    return f"{AuthorKind.HUMAN}:{person}"


def repeat(person: str) -> str:
    """The name of the layer that a person's second answer on a record becomes."""
    return f"{AuthorKind.REPEAT}:{person}"


def pseudonym(number: int | None) -> str:
    """What stands for a person where names do not leave: ``person-2``; without a number, ``person``."""
    return "person" if number is None else f"person-{number}"


def is_pseudonymous(name: str) -> bool:
    """Whether a layer is that of a person whose name did not leave."""
    return (is_human(name) or is_repeat(name)) and re.fullmatch(r"person(-\d+)?", own_name(name)) is not None


def doubted(answer: str) -> str:
    """The name of the layer that an answer is while it is in doubt whose it is."""
    return f"{AuthorKind.DOUBTED}:{answer}"


def is_doubted(name: str) -> bool:
    """Whether a layer is an answer of which it is in doubt whose it is."""
    return name.startswith(doubted(""))


def is_human(name: str) -> bool:
    """Whether a layer or a decision is a single person's."""
    return name.startswith(human(""))


def is_repeat(name: str) -> bool:
    """Whether a layer is a person's second answer on a record."""
    return name.startswith(repeat(""))


def ranked(authors: Mapping[str, str], rank: tuple[AuthorKind, ...]) -> tuple[str, ...]:
    """The names of the layers whose kinds stand in the rank, the best first.

    authors: who wrote each layer, by the layer's name. Within a kind, names that contain it come before users' own.
    """
    kinds = {name: layer_kind(name, author) for name, author in authors.items()}
    return tuple(
        sorted(
            (name for name, kind in kinds.items() if kind in rank),
            key=lambda name: (rank.index(kinds[name]), kind_of(name) is AuthorKind.OTHER, name),
        )
    )


#: Layers of which there is only one.
GOLD = layer_name(AuthorKind.GOLD)
CONSENSUS = layer_name(AuthorKind.CONSENSUS)

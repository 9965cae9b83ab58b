"""Each person with something that is no other person: the model they were shown, another layer, themselves again."""

from __future__ import annotations

from collections.abc import Iterator

from annotation.agreement.comparisons import Pair, Pairing, compare
from annotation.agreement.pairs import PairFigures, figures
from annotation.agreement.study import HUMAN, REPEAT, SHOWN, Seen, Study
from curation.record import Frozen


class WithOther(Frozen):
    """Agreement of all people, and of each, with a layer of another kind."""

    overall: PairFigures
    per_person: dict[str, PairFigures]


def with_shown(seen: Seen) -> Iterator[Pair]:
    """Each person and the layer that the person began with."""
    return ((name, SHOWN + name) for name in seen.people if SHOWN + name in seen.marks)


def with_repeat(seen: Seen) -> Iterator[Pair]:
    """Each person and the same person on the same record once more."""
    return ((name, again) for name in seen.people if (again := REPEAT + name.removeprefix(HUMAN)) in seen.marks)


def with_layer(layer: str) -> Pairing:
    """Each person and the layer of the name."""

    def pairs(seen: Seen) -> Iterator[Pair]:
        return ((name, layer) for name in seen.people if layer in seen.marks)

    return pairs


def with_other(study: Study, pairing: Pairing) -> WithOther | None:
    """Agreement of people with what the pairing gives them, or nothing when it gives nobody anything."""
    rows = compare(study, pairing)
    if not len(rows):
        return None
    people = sorted({one for one, _ in rows.pairs})
    return WithOther(
        overall=figures(rows, study.settings),
        per_person={name: figures(rows.of_person(name), study.settings) for name in people},
    )

"""Agreement of each person with a layer of another kind: the shown predictions, a named layer, a hidden repeat."""

from __future__ import annotations

from collections.abc import Iterator

from annotation.agreement.comparisons import Pair, Pairing, compare
from annotation.agreement.pairs import PairFigures, figures
from annotation.agreement.study import SHOWN, CodedRecord, Study
from curation.author import own_name, repeat
from curation.record import Frozen


class LayerAgreement(Frozen):
    """Agreement of all people, and of each person, with a layer of another kind."""

    overall: PairFigures
    per_person: dict[str, PairFigures]


def with_shown(record: CodedRecord) -> Iterator[Pair]:
    """Each person and the layer that the person was shown."""
    return ((name, SHOWN + name) for name in record.people if SHOWN + name in record.marks)


def with_repeat(record: CodedRecord) -> Iterator[Pair]:
    """Each person and the same person on the hidden repeat of the record."""
    return ((name, again) for name in record.people if (again := repeat(own_name(name))) in record.marks)


def with_layer(layer: str) -> Pairing:
    """Each person and the layer of the name."""

    def pairs(record: CodedRecord) -> Iterator[Pair]:
        return ((name, layer) for name in record.people if layer in record.marks)

    return pairs


def layer_agreement(study: Study, pairing: Pairing) -> LayerAgreement | None:
    """Agreement of people with the layers that the pairing gives; None when it gives no pair."""
    rows = compare(study, pairing)
    if not len(rows):
        return None
    people = sorted({person for person, _ in rows.pairs})
    return LayerAgreement(
        overall=figures(rows, study.settings),
        per_person={name: figures(rows.of_person(name), study.settings) for name in people},
    )

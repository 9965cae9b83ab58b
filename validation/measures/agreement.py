"""Agreement: how far the checked layer and other layers of the same record agree.

The figures are those of the agreement between people: F1 of entities, strict and lenient, over all categories
together, and Cohen's kappa over the tokens, each labelled with its categories.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from curation.decision import DecisionKind
from curation.record import Layer, Record
from curation.scoring.kappa import cohen, cohen_counts
from curation.scoring.marks import MODES, Marks, count_marks, f1, marks_of
from curation.scoring.units import Labels, codes_of, units_of
from validation.measures.columns import Holds, MeasureColumn
from validation.measures.measure import Columns, MeasureSpec, Scope, Subject, no_second_layer
from validation.measures.rule import Rule
from validation.settings import Severity

if TYPE_CHECKING:
    from pydantic import JsonValue


SECOND_OPINIONS = MeasureColumn("second_opinions", "other layers that the checked one was compared with")
AGREEMENT_STRICT = MeasureColumn("agreement_strict", "F1 with the layer that agrees least: same category and span")
AGREEMENT_LENIENT = MeasureColumn(
    "agreement_lenient", "F1 with the layer that agrees least: same category, overlapping spans"
)
AGREEMENT_KAPPA = MeasureColumn("agreement_kappa", "Cohen's kappa over tokens, with the layer that agrees least")
AGREEMENT_BY_LAYER = MeasureColumn("agreement_by_layer", "the three figures with each of the other layers", Holds.WORDS)


@dataclass(frozen=True, slots=True)
class SecondOpinionAgreement:
    """How far two layers agree; None where neither has anything."""

    layer: str
    strict: float | None
    lenient: float | None
    kappa: float | None

    def __str__(self) -> str:
        figures = (f"{name} {_shown(getattr(self, name))}" for name in ("strict", "lenient", "kappa"))
        return f"{self.layer}: {', '.join(figures)}"


def measure(subjects: Sequence[Subject], scope: Scope) -> list[Columns]:
    """The agreement of each layer with the one that it agrees with least."""
    return [_row(subject) for subject in subjects]


def _row(subject: Subject) -> Columns:
    if subject.layer is None or not subject.other_layers:
        return AGREEMENT.nothing
    found = agreements(subject.record, subject.layer, subject.other_layers)
    by_layer: list[JsonValue] = [str(agreed) for agreed in found]
    return {
        SECOND_OPINIONS: len(found),
        AGREEMENT_STRICT: _least(agreed.strict for agreed in found),
        AGREEMENT_LENIENT: _least(agreed.lenient for agreed in found),
        AGREEMENT_KAPPA: _least(agreed.kappa for agreed in found),
        AGREEMENT_BY_LAYER: by_layer,
    }


def agreements(record: Record, layer: Layer, other_layers: Sequence[Layer]) -> list[SecondOpinionAgreement]:
    """How far a layer agrees with each of the others; what has no span is not compared."""
    labels, units = Labels(), units_of(record.text, "token")
    ours = marks_of(layer, assertion=False)
    codes = codes_of(ours, units, labels)
    found = []
    for other_layer in other_layers:
        theirs = marks_of(other_layer, assertion=False)
        strict, lenient = _f1(ours, theirs)
        other_codes = codes_of(theirs, units, labels)
        kappa = _number(cohen(cohen_counts(codes, other_codes, len(labels)))) if units else None
        found.append(SecondOpinionAgreement(other_layer.name, strict, lenient, kappa))
    return found


def _f1(ours: Marks, theirs: Marks) -> list[float | None]:
    """Strict and lenient F1 over all categories together."""
    import numpy as np

    categories = sorted({category for category, _ in (*ours, *theirs)})
    counts = np.array(count_marks(ours, theirs, categories), dtype=np.float64).reshape(-1, len(MODES), 3).sum(axis=0)
    return [_number(value) for value in f1(counts)]


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if isnan(number) else round(number, 4)


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


AGREEMENT = MeasureSpec(
    name="agreement",
    version=1,
    of=DecisionKind.LAYER,
    columns=(SECOND_OPINIONS, AGREEMENT_STRICT, AGREEMENT_LENIENT, AGREEMENT_KAPPA, AGREEMENT_BY_LAYER),
    rules=(
        Rule(
            "layers_agree",
            AGREEMENT_LENIENT,
            "Other layers of the record say much the same.",
            parameters=lambda settings, scheme: {"min_value": settings.second_opinion.minimum},
            severity=Severity.OFF,
            beside=(AGREEMENT_BY_LAYER,),
        ),
    ),
    settings=("second_opinion.layers",),
    lacks=no_second_layer,
    measure=measure,
)

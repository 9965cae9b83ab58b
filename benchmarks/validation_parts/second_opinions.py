"""Dropped entities that a second layer, the rules', still has; and what else the rules have that gold has not."""

from __future__ import annotations

from collections.abc import Sequence

from measuring import table

from annotation.rules.annotator import RulesAnnotator
from curation.record import Layer, Record
from curation.scheme import load_scheme
from curation.stage import Item
from validation.measures.measure import Columns, Scope, Subject
from validation.measures.omission import measure
from validation.settings import ValidationSettings
from validation_parts.error_planting import HEAD, ErrorKind, KindOutcome, PlantingCase, divided, figures, row, tried
from validation_parts.omissions import Reaching, dropping
from validation_parts.planted import SOURCES

SCHEME = load_scheme()


class Second:
    """The rules' layer as the second opinion on each case."""

    def __init__(self) -> None:
        self._annotate = RulesAnnotator(SCHEME)
        self._layers: dict[str, Layer] = {}

    def flags(self, cases: Sequence[PlantingCase]) -> list[frozenset[str]]:
        """The facts of the rules that no entity meets."""
        subjects = [Subject(case.record, case.layer, (self._layer(case.record),)) for case in cases]
        rows = measure(subjects, Scope(SCHEME, ValidationSettings()))
        return [Reaching(_spans(found)) for found in rows]

    def candidates(self, case: PlantingCase) -> Sequence[str]:
        """All facts of the rules."""
        facts = {entity.spans for entity in self._layer(case.record).entities if SCHEME.counts(entity)}
        return sorted({f"{spans[0][0]} {spans[-1][1]}" for spans in facts if spans})

    def _layer(self, record: Record) -> Layer:
        if record.id not in self._layers:
            (result,) = self._annotate([Item(record)])
            self._layers[record.id] = result.layers[0]
        return self._layers[record.id]


def _spans(found: Columns) -> list[str]:
    spans = found["second_opinion_places"]
    return [f"{start} {end}" for start, end in spans] if isinstance(spans, list) else []  # type: ignore[misc]


def run(*, quick: bool) -> dict[str, object]:
    """Recall and false alarms of the rules as a second opinion."""
    second = Second()
    kind = ErrorKind(
        "dropped entity, by a second opinion",
        dropping(lambda entity: entity.category not in {"age", "gender"}),
        second.flags,
        second.candidates,
        recall=0.6,
        false_alarm=0.1,
    )
    outcomes: list[KindOutcome] = []
    rows = []
    for source, read in SOURCES.items():
        # The rules of one language load in half the time of those of both.
        cases = [case for case in divided(read(quick))[1] if not quick or case.record.language == "en"]
        outcome = tried(kind, cases)
        if outcome.recall.of:
            outcomes.append(outcome)
            rows.append(row(source, outcome))
    print(table(HEAD, rows))
    return figures({kind.name: outcomes})

"""Scores of predicted layers against gold, as one report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from curation.record import Frozen, Layer
from curation.scheme import Scheme
from curation.scoring.entities import EntityScores, score_entities
from curation.scoring.flat import FlatScores, score_flat
from curation.scoring.labels import LabelScores, score_labels
from training.examples import Pair


class EvaluationReport(Frozen):
    """Entity, flat-view and document-label scores of one author against gold."""

    scheme: str
    scheme_digest: str
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    entities: EntityScores
    flat: FlatScores
    #: By the name of the document label.
    labels: dict[str, LabelScores] = Field(default_factory=dict)
    #: Intervals over fewer records than this are withheld.
    minimum_records: int = 1
    #: What a reader has to know of the records and the reference, a sentence each.
    notes: tuple[str, ...] = ()
    created: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def measures_entities(self) -> bool:
        """Whether the scheme asked for entities, or a side has any."""
        return not self.labels or bool(self.entities.strict.per_category)

    def to_json(self) -> dict[str, Any]:
        """``strict``, ``lenient`` and ``records`` at the top, then ``flat`` and who was compared."""
        rest = self.model_dump(mode="json", exclude={"entities"})
        return {**self.entities.to_json(), **rest}


def evaluate(
    gold_pairs: Iterable[Pair],
    predicted: Iterable[Layer],
    scheme: Scheme,
    *,
    everything: bool = False,
    minimum_records: int = 1,
    notes: tuple[str, ...] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> EvaluationReport:
    """The report on predicted layers, over the records of gold; a record without one counts as empty.

    ``everything`` also scores entities that are no information, such as negated symptoms. ``minimum_records``: a figure
    that rests on fewer records has no interval. ``notes`` are kept with the report.
    """
    pairs, layers = list(gold_pairs), list(predicted)
    gold = [layer for _, layer in pairs]
    ids = {layer.record_id for layer in gold}
    entities = score_entities(
        gold,
        layers,
        scheme=scheme,
        everything=everything,
        minimum_records=minimum_records,
        resamples=resamples,
        seed=seed,
    )
    return EvaluationReport(
        scheme=scheme.name,
        scheme_digest=scheme.digest,
        gold=tuple(sorted({layer.author for layer in gold})),
        predicted=tuple(sorted({layer.author for layer in layers if layer.record_id in ids})),
        entities=entities,
        minimum_records=minimum_records,
        notes=(*notes, *(_withheld(entities, minimum_records) if scheme.categories else ())),
        flat=score_flat(
            {layer.record_id: scheme.flat(layer) for layer in gold},
            {layer.record_id: scheme.flat(layer) for layer in layers},
            scheme=scheme,
            languages={record.id: record.language for record, _ in pairs},
        ),
        labels=score_labels(gold, layers, scheme=scheme),
    )


def _withheld(scores: EntityScores, minimum: int) -> list[str]:
    """Why there is no interval where one is withheld."""
    total = scores.strict.micro.records
    few = [name for name, score in scores.strict.per_category.items() if score.records < minimum]
    if total < minimum:
        return [f"No intervals: {total} records with entities, fewer than {minimum}."]
    if few:
        return [f"No interval for categories that fewer than {minimum} records have: {', '.join(few)}."]
    return []

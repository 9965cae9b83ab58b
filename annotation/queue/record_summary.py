"""What the queue needs of a record: figures without the text, small enough to hold tens of thousands in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from annotation.queue.hashed_vectors import hashed_vectors
from annotation.reviewable import Reviewable
from curation.batches import batched
from curation.decision import Decision, DecisionKind, Verdict
from curation.error_detection.label_errors import LabelErrors, Suspicion
from curation.judge.judged import judged_outcomes, scored_by, with_judgements
from curation.judge.verdicts import DOUBTS, JudgeOutcome
from curation.record import Layer, Record, digest
from curation.scoring.changes import Changes, changes
from curation.stage import Item
from curation.store import Store
from curation.translate.projection.layers import carried_states
from curation.translate.projection.projected import ProjectionState

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Records that the models of suspected label errors learn from at most.
LEARN_FROM = 2_000

#: The suspicion of a record without a shown layer.
NOTHING = Suspicion()

#: Records that are read and summarised together.
BATCH = 250


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """One record with the layer that reviewers are shown."""

    id: str
    language: str
    source: str
    words: int
    author: str = ""
    entities: int = 0
    profile: str = ""
    scores: tuple[float, ...] = ()
    #: Who gives the scores; entities that a judge rejects, and that it would change.
    scored_by: str = ""
    rejected: int = 0
    changed: int = 0
    #: Entities that were carried over from the original: those that were not found, and those two ways disagree about.
    lost: int = 0
    doubtful: int = 0
    differences: Mapping[str, Changes] | None = None
    suspicion: Suspicion = NOTHING
    findings: tuple[str, ...] = ()
    vector: NDArray[np.float32] | None = None
    #: Whether validation or a person has rejected the record: it counts for the signals, but is not queued.
    is_excluded: bool = False


def record_summaries(store: Store, layers: Sequence[str], *, seed: int = 0) -> Iterator[RecordSummary]:
    """A summary of each record of the store, in its order; the shown layer is the first of the names that it has."""
    reviewable = Reviewable.of(store, layers)
    doubts: dict[str, list[Decision]] = {}
    for decision in store.latest_decisions(verdict=Verdict.NEEDS_REVIEW):
        doubts.setdefault(decision.record_id, []).append(decision)
    suspect = LabelErrors(list(_training_pairs(store, layers, seed)), seed=seed)
    for items in batched(with_judgements(store, store.items(layers), layers), BATCH):
        yield from summarised(items, layers, suspect, reviewable, doubts)


def summarised(
    items: Sequence[Item],
    layers: Sequence[str],
    suspect: LabelErrors,
    reviewable: Reviewable,
    doubts: Mapping[str, Sequence[Decision]],
) -> Iterator[RecordSummary]:
    """A summary of each item; ``doubts`` are the decisions by which records need review."""
    shown = [next(iter(reviewable.pre_annotations(item, layers)), None) for item in items]
    pairs = [(item.record, layer) for item, layer in zip(items, shown, strict=True) if layer is not None]
    suspicions = dict(zip((record.id for record, _ in pairs), suspect(pairs), strict=True))
    vectors = hashed_vectors([item.record.text for item in items])
    for item, layer, vector in zip(items, shown, vectors, strict=True):
        suspicion = suspicions.get(item.record.id, NOTHING)
        is_excluded = reviewable.is_away(item, layers)
        yield _summary(item, layer, vector, suspicion, doubts.get(item.record.id, ()), is_excluded=is_excluded)


def shown_layer(item: Item, layers: Sequence[str]) -> Layer | None:
    """The layer that a reviewer of the item begins with."""
    return next((item.layers[name] for name in layers if name in item.layers), None)


def _training_pairs(store: Store, layers: Sequence[str], seed: int) -> Iterator[tuple[Record, Layer]]:
    """A random sample of the records with their shown layers."""
    ids = sorted(store.record_ids(), key=lambda id: digest([seed, id]))
    pairs = ((item.record, shown_layer(item, layers)) for item in store.items(layers, ids=ids))
    yield from islice(((record, layer) for record, layer in pairs if layer is not None), LEARN_FROM)


def _summary(
    item: Item,
    layer: Layer | None,
    vector: NDArray[np.float32],
    suspicion: Suspicion,
    doubts: Sequence[Decision],
    *,
    is_excluded: bool,
) -> RecordSummary:
    record = item.record
    located = [entity for entity in layer.entities if entity.fragments] if layer else []
    outcomes = judged_outcomes(layer) if layer else {}
    found = [outcomes.get(entity.id) for entity in located]
    states = carried_states(layer) if layer else {}
    other_layers = {name: other for name, other in item.layers.items() if layer is not None and name != layer.name}
    return RecordSummary(
        id=record.id,
        language=record.language,
        source=record.source,
        words=len(record.text.split()),
        author=layer.author if layer else "",
        entities=len(located),
        profile=_commonest(entity.category for entity in located),
        scores=tuple(entity.score for entity in located if entity.score is not None),
        scored_by=scored_by(layer) if layer else "",
        rejected=sum(outcome is JudgeOutcome.REJECTED for outcome in found),
        lost=states.get(ProjectionState.LOST, 0),
        doubtful=states.get(ProjectionState.DISAGREEING, 0),
        changed=sum(outcome in DOUBTS - {JudgeOutcome.REJECTED} for outcome in found),
        differences={name: changes(layer, other) for name, other in sorted(other_layers.items())},
        suspicion=suspicion,
        findings=_soft_findings(doubts, layer),
        vector=vector,
        is_excluded=is_excluded,
    )


def _commonest(names: Iterable[str]) -> str:
    counted: dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return min(counted, key=lambda name: (-counted[name], name), default="")


def _soft_findings(doubts: Sequence[Decision], layer: Layer | None) -> tuple[str, ...]:
    """What failed softly in the text, the shown layer or privacy; of decisions without failures, why they were made."""
    names: set[str] = set()
    for decision in doubts:
        if decision.kind is not DecisionKind.LAYER or (layer is not None and decision.layer == layer.name):
            failures = decision.details.get("failures")
            found = failures if isinstance(failures, list) else []
            failed = {
                str(failure["expectation"])
                for failure in found
                if isinstance(failure, dict) and "expectation" in failure
            }
            # That identifiers were not looked for is no reason to look at the record.
            is_unlooked = decision.kind is DecisionKind.PRIVACY
            names |= failed or (set() if is_unlooked else {decision.reason or "needs review"})
    return tuple(sorted(names))

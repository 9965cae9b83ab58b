"""Precision, recall and F1 of the entities of one layer against those of another.

Strict: same category and the same spans, fragment by fragment. Boundary: the same spans in any category. Lenient:
same category and any overlap, each entity paired at most once (the 2018 n2c2 rules). Token: the tokens that both sides
put into a category (a word with its digits or a single sign is a token). Negated and other entities that do not count
as information (`Scheme.counts`) are left out on both sides unless asked for. An entity given twice with the same spans
is one. An entity that was never found in the text has no spans and matches nothing: it costs precision when predicted
and recall when gold, and is counted apart; it has no tokens.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue

from curation.errors import UsageError
from curation.record import Entity, Frozen, Layer
from curation.scheme import Scheme
from curation.scoring.bootstrap import Array, bootstrap_interval
from curation.scoring.marks import f1 as array_f1
from curation.scoring.matching import Spans, equal_pairs, overlapping_pairs
from curation.scoring.tally import TOTAL, DocumentCounts, DocumentTally, Key, in_order
from curation.scoring.units import units_of

MODES = ("strict", "lenient")
BOUNDARY, TOKEN = "boundary", "token"

#: Numbers of a figure: matched, gold and predicted, and in how many documents either side has any.
WIDTH = 4
#: Before the name of a table: sums and numbers of each document's precision, recall and F1, and of documents.
BY_DOCUMENT = "documents "
BY_DOCUMENT_WIDTH = 7
#: Documents, those without a predicted layer, and the entities of either side without fragments in the text.
DOCUMENTS: Key = ("documents", TOTAL)
UNPLACED: Key = ("unplaced", TOTAL)


class Score(Frozen):
    """Counts and what follows from them; None where it is not defined (nothing to divide by)."""

    precision: float | None
    recall: float | None
    f1: float | None
    f1_interval: tuple[float, float] | None = None
    matched: int
    gold: int
    predicted: int
    #: In how many records either side has any.
    records: int = 0


class Mean(Frozen):
    """A mean of scores over so many categories or documents, where each is defined."""

    precision: float | None
    recall: float | None
    f1: float | None
    over: int


class ModeScores(Frozen):
    """The scores under one rule of matching.

    macro: mean over the categories that gold has; documents: mean over the documents in which
    gold or prediction has anything. Categories that neither side has are not listed; where the category does not matter
    there are none.
    """

    micro: Score
    macro: Mean
    documents: Mean
    per_category: dict[str, Score]


class EntityScores(Frozen):
    """The scores over the records of gold by rule of matching; tokens only where the texts are known."""

    strict: ModeScores
    lenient: ModeScores
    boundary: ModeScores | None = None
    token: ModeScores | None = None
    records: int
    #: Gold records without a predicted layer: scored as empty predictions.
    missing: int
    #: Predicted layers of records that gold does not have: not scored.
    unscored: int
    #: Entities without fragments in the text, by side.
    unplaced: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """The scores as plain JSON."""
        return self.model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are made: so many resamples of groups; none for a figure that rests on fewer records."""

    minimum_records: int = 1
    resamples: int = 1000
    seed: int = 0


RESAMPLING = Resampling()


def score_entities(
    gold: Iterable[Layer],
    predicted: Iterable[Layer],
    *,
    scheme: Scheme,
    everything: bool = False,
    groups: Mapping[str, str] | None = None,
    texts: Mapping[str, str] | None = None,
    minimum_records: int = 1,
    resamples: int = 1000,
    seed: int = 0,
) -> EntityScores:
    """Scores of the predicted layers, with 95 % bootstrap intervals of F1 over documents.

    ``everything`` also scores entities that do not count as information, such as negated ones. ``groups``: by record
    id, the patient whose documents are drawn together. ``texts``: by record id, for the tokens. ``minimum_records``: a
    figure over fewer records that have any entity has no interval. Raises UsageError when a side has two layers of one
    record.
    """
    golds, guesses = by_record(gold, "gold"), by_record(predicted, "predicted")
    tally = DocumentTally()
    for record_id, layer in golds.items():
        text = texts[record_id] if texts is not None else None
        counts = entity_counts(layer, guesses.get(record_id), scheme=scheme, everything=everything, text=text)
        tally.add((groups or {}).get(record_id, record_id), counts)
    resampling = Resampling(minimum_records, resamples, seed)
    scores = entity_scores(tally, scheme=scheme, resampling=resampling)
    update: dict[str, Any] = {"unscored": len(guesses.keys() - golds.keys())}
    if texts is None:
        update["token"] = None
    return scores.model_copy(update=update)


def f1(matched: float, gold: float, predicted: float) -> float | None:
    """The harmonic mean of precision and recall; None when neither side has anything."""
    return 2 * matched / (gold + predicted) if gold + predicted else None


def by_record(layers: Iterable[Layer], side: str) -> dict[str, Layer]:
    """The layers by record id. Raises UsageError for two of one record."""
    found: dict[str, Layer] = {}
    for layer in layers:
        if layer.record_id in found:
            raise UsageError(f"expected one {side} layer a record, got two of record {layer.record_id}")
        found[layer.record_id] = layer
    return found


#: An entity's spans, and its wording where it has none; by category those of one layer.
Target = tuple[Spans, str]
Targets = dict[str, set[Target]]


def entity_counts(
    gold: Layer, predicted: Layer | None, *, scheme: Scheme, everything: bool = False, text: str | None = None
) -> DocumentCounts:
    """What a document adds to the figures of `entity_scores`; a document without a predicted layer has no entities."""
    ours, theirs = (targets_of(layer, scheme, everything=everything) for layer in (gold, predicted))
    names = list(dict.fromkeys((*ours, *theirs)))
    found: dict[Key, tuple[float, ...]] = {
        DOCUMENTS: (1, predicted is None),
        UNPLACED: (_unplaced(ours), _unplaced(theirs)),
    }
    pairs = {name: (ours.get(name, set()), theirs.get(name, set())) for name in names}
    for mode, matching in zip(MODES, (equal_pairs, overlapping_pairs), strict=True):
        found |= figures(mode, {name: _counts(*sides, matching) for name, sides in pairs.items()})
    found |= figures(BOUNDARY, {TOTAL: _boundary(ours, theirs)})
    if text is not None:
        units = units_of(text, "token")
        tokens = {name: tuple(_tokens(side, units) for side in sides) for name, sides in pairs.items()}
        found |= figures(TOKEN, {name: (len(a & b), len(a), len(b)) for name, (a, b) in tokens.items()})
    return found


def figures(table: str, counted: Mapping[str, tuple[int, int, int]]) -> dict[Key, tuple[float, ...]]:
    """A document's share of a table: of each row, of the total, and of the mean over documents."""
    rows = {name: counts for name, counts in counted.items() if any(counts)}
    matched, gold, predicted = (sum(counts[part] for counts in rows.values()) for part in range(3))
    if not gold + predicted:
        return {}
    values = (
        (matched / predicted if predicted else None),
        (matched / gold if gold else None),
        f1(matched, gold, predicted),
    )
    mean = [number for value in values for number in ((0, 0) if value is None else (value, 1))]
    return {
        **{(table, name): (*counts, 1) for name, counts in rows.items() if name != TOTAL},
        (table, TOTAL): (matched, gold, predicted, 1),
        (BY_DOCUMENT + table, TOTAL): (*mean, 1),
    }


def targets_of(layer: Layer | None, scheme: Scheme, *, everything: bool) -> Targets:
    """The entities of a layer by category, as far as they count."""
    targets: Targets = {}
    for entity in layer.entities if layer else ():
        if everything or scheme.counts(entity):
            targets.setdefault(entity.category, set()).add(target_of(entity))
    return targets


def target_of(entity: Entity) -> Target:
    """What an entity must share with another, beside its category, to be the same."""
    return entity.spans, "" if entity.fragments else entity.text


def _unplaced(targets: Targets) -> int:
    return sum(not spans for entities in targets.values() for spans, _ in entities)


def _counts(gold: set[Target], predicted: set[Target], matching: Any) -> tuple[int, int, int]:
    gold_spans = sorted(spans for spans, _ in gold if spans)
    predicted_spans = sorted(spans for spans, _ in predicted if spans)
    return matching(gold_spans, predicted_spans), len(gold), len(predicted)


def _boundary(gold: Targets, predicted: Targets) -> tuple[int, int, int]:
    ours, theirs = (
        Counter(spans for entities in side.values() for spans, _ in entities if spans) for side in (gold, predicted)
    )
    sizes = (sum(len(entities) for entities in side.values()) for side in (gold, predicted))
    return ((ours & theirs).total(), *sizes)  # type: ignore[return-value]


def _tokens(targets: set[Target], units: Sequence[tuple[int, int]]) -> set[int]:
    """The numbers of the tokens that share a character with an entity."""
    found: set[int] = set()
    for start, end in (fragment for spans, _ in targets for fragment in spans):
        first = bisect_right(units, start, key=lambda unit: unit[1])
        found.update(range(first, bisect_left(units, end, key=lambda unit: unit[0])))
    return found


def entity_scores(tally: DocumentTally, *, scheme: Scheme, resampling: Resampling = RESAMPLING) -> EntityScores:
    """The scores of what was counted."""
    documents, missing = tally.total(DOCUMENTS, 2)
    gold, predicted = tally.total(UNPLACED, 2)
    modes = {mode: mode_scores(tally, mode, scheme.names, resampling) for mode in (*MODES, BOUNDARY, TOKEN)}
    return EntityScores(
        **modes,
        records=int(documents),
        missing=int(missing),
        unscored=0,
        unplaced={"gold": int(gold), "predicted": int(predicted)},
    )


def mode_scores(tally: DocumentTally, table: str, order: Sequence[str], resampling: Resampling) -> ModeScores:
    """The scores of one table."""
    rows = in_order(tally.rows(table), order)
    per_category = {name: score_of(tally, (table, name), resampling) for name in rows}
    sums = tally.total((BY_DOCUMENT + table, TOTAL), BY_DOCUMENT_WIDTH)
    precision, recall, value = (sums[at] / sums[at + 1] if sums[at + 1] else None for at in (0, 2, 4))
    return ModeScores(
        micro=score_of(tally, (table, TOTAL), resampling),
        macro=mean_of([score for score in per_category.values() if score.gold]),
        documents=Mean(precision=precision, recall=recall, f1=value, over=int(sums[6])),
        per_category=per_category,
    )


def score_of(tally: DocumentTally, key: Key, resampling: Resampling) -> Score:
    """One figure with its interval."""
    counts = tally.counts(key, WIDTH)
    matched, gold, predicted, records = (int(value) for value in counts.sum(axis=0))
    return Score(
        precision=matched / predicted if predicted else None,
        recall=matched / gold if gold else None,
        f1=f1(matched, gold, predicted),
        f1_interval=interval_of(counts, records, resampling),
        matched=matched,
        gold=gold,
        predicted=predicted,
        records=records,
    )


def interval_of(counts: Array, records: float, resampling: Resampling) -> tuple[float, float] | None:
    """The interval of an F1 from its counts by group; None where it rests on too few records."""
    if records < resampling.minimum_records:
        return None
    return bootstrap_interval(counts, array_f1, resamples=resampling.resamples, seed=resampling.seed)


def without_few(scores: JsonValue, minimum_records: int) -> JsonValue:
    """Scores as JSON without the intervals that rest on fewer records than this, as `interval_of` makes none."""
    if isinstance(scores, list):
        return [without_few(part, minimum_records) for part in scores]
    if not isinstance(scores, dict):
        return scores
    records = scores.get("records")
    few = isinstance(records, int) and records < minimum_records
    return {
        name: None if few and name.endswith("interval") else without_few(value, minimum_records)
        for name, value in scores.items()
    }


def mean_of(scores: Sequence[Score]) -> Mean:
    """Means of what is defined: a category without predictions has recall and F1 of 0, and no precision."""

    def mean(values: list[float | None]) -> float | None:
        defined = [value for value in values if value is not None]
        return sum(defined) / len(defined) if defined else None

    return Mean(
        precision=mean([score.precision for score in scores]),
        recall=mean([score.recall for score in scores]),
        f1=mean([score.f1 for score in scores]),
        over=len(scores),
    )

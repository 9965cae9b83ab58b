"""Concepts by their codes: those that a layer gives a record in each category, and those of each entity.

Concepts: the set of (category, code) of a record on one side against the other's, wherever they stand in the text
(precision, recall, F1). Linking: of the entities that both sides have (category and spans) and to which gold gives
codes, the share whose codes are all the same. A record where neither side has a code in a category adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from curation.record import Frozen, Layer
from curation.scheme import Scheme
from curation.scoring.entities import (
    RESAMPLING,
    ModeScores,
    Resampling,
    Target,
    by_record,
    figures,
    mode_scores,
    target_of,
)
from curation.scoring.tally import TOTAL, DocumentCounts, DocumentTally, Key

CONCEPTS, LINKING = "concepts", "linking"
#: Entities of either side that count, and those without codes.
CODED: Key = ("coded", TOTAL)


class ConceptScores(Frozen):
    """The scores of concepts; `linked` of the entities that both sides have and gold has coded, None without any."""

    concepts: ModeScores
    linked: float | None
    linkable: int
    #: Entities without codes, by side.
    uncoded: dict[str, int]


def score_concepts(
    gold: Iterable[Layer], predicted: Iterable[Layer], *, scheme: Scheme, resamples: int = 1000, seed: int = 0
) -> ConceptScores | None:
    """The scores over the records of gold, None where gold has no codes."""
    guesses, tally = by_record(predicted, "predicted"), DocumentTally()
    for record_id, layer in by_record(gold, "gold").items():
        tally.add(record_id, concept_counts(layer, guesses.get(record_id), scheme=scheme))
    return concept_scores(tally, scheme=scheme, resampling=Resampling(resamples=resamples, seed=seed))


def concept_counts(gold: Layer, predicted: Layer | None, *, scheme: Scheme, everything: bool = False) -> DocumentCounts:
    """What a document adds to the figures of `concept_scores`."""
    ours, theirs = (_codes(layer, scheme, everything) for layer in (gold, predicted))
    sets = [_by_category(side) for side in (ours, theirs)]
    names = dict.fromkeys((*sets[0], *sets[1]))
    pairs = {name: (sets[0].get(name, set()), sets[1].get(name, set())) for name in names}
    linkable = [target for target, codes in ours.items() if codes and target[1][0] and target in theirs]
    linked = sum(ours[target] == theirs[target] for target in linkable)
    return {
        **figures(CONCEPTS, {name: (len(a & b), len(a), len(b)) for name, (a, b) in pairs.items()}),
        (LINKING, TOTAL): (linked, len(linkable)),
        CODED: (
            sum(bool(codes) for codes in ours.values()),
            sum(not codes for codes in ours.values()),
            sum(not codes for codes in theirs.values()),
        ),
    }


def concept_scores(
    tally: DocumentTally, *, scheme: Scheme, resampling: Resampling = RESAMPLING
) -> ConceptScores | None:
    """The scores of what was counted; None where gold has no codes."""
    coded, uncoded, uncoded_predictions = tally.total(CODED, 3)
    if not coded:
        return None
    linked, linkable = tally.total((LINKING, TOTAL), 2)
    return ConceptScores(
        concepts=mode_scores(tally, CONCEPTS, scheme.names, resampling),
        linked=linked / linkable if linkable else None,
        linkable=int(linkable),
        uncoded={"gold": int(uncoded), "predicted": int(uncoded_predictions)},
    )


#: The codes of each entity, by its category and where it stands.
Coded = dict[tuple[str, Target], frozenset[str]]


def _codes(layer: Layer | None, scheme: Scheme, everything: bool) -> Coded:
    found: Coded = {}
    for entity in layer.entities if layer else ():
        if everything or scheme.counts(entity):
            key = entity.category, target_of(entity)
            codes = {"".join(code.split()).casefold() for code in entity.codes}
            found[key] = found.get(key, frozenset()) | codes
    return found


def _by_category(coded: Coded) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for (category, _), codes in coded.items():
        if codes:
            found.setdefault(category, set()).update(codes)
    return found

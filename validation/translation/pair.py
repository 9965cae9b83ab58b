"""All that is measured on a translation beside its original."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import JsonValue

from curation.embeddings.encoder import Encoder
from curation.record import Alignment, Layer, Record, wording
from curation.text.folding import Span
from curation.text.sentences import SENTENCE_CHARACTERS
from validation.translation import columns, drugs
from validation.translation.amounts import amounts, compared_units
from validation.translation.doses import dosed, swapped
from validation.translation.numerals import Differences, differences, numerals
from validation.translation.parity import of_one_making, parity
from validation.translation.sentences import SentenceComparison, SentenceEvidence, compared, told
from validation.translation.untranslated import untranslated

if TYPE_CHECKING:
    from validation.translation.alignment import Matrix

#: Of what stands once in each text, the share that must stand in sentences put beside each other; below it the
#: sentences are in another order, and none is said to be missing.
IN_PLACE = 0.85

Columns = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class TranslationPair:
    """A record and its translation, each with the layer to compare."""

    original: Record
    translation: Record
    original_layer: Layer | None = None
    translation_layer: Layer | None = None


def measured(pair: TranslationPair, *, aligned: float, encoder: Encoder | None = None) -> Columns:
    """The columns of a translation; those of cosines only with an encoder, which must know both languages.

    aligned: the share of sentences with exactly one counterpart from which others are missed.
    """
    ours, theirs = told(pair.original), told(pair.translation)
    cosines = _cosines(ours, theirs, encoder) if encoder is not None else None
    found = compared(ours, theirs, cosines)
    left = untranslated(ours, theirs)
    dropped, added = _missing(found, pair, aligned)
    ratio = len(pair.translation.text) / len(pair.original.text) if pair.original.text else None
    sentences = len(ours.spans)
    missing = len(dropped) + len(left)
    return {
        **_numbers(pair, found),
        **_drugs(pair),
        columns.UNTRANSLATED_SENTENCES: len(left),
        columns.UNTRANSLATED_PLACES: _places(theirs.spans[place] for place in left),
        columns.DROPPED_SENTENCES: len(dropped),
        columns.DROPPED_IN_ORIGINAL: _places(ours.spans[place] for place in dropped),
        columns.ADDED_SENTENCES: len(added),
        columns.ADDED_PLACES: _places(theirs.spans[place] for place in added),
        columns.TRANSLATED_RATIO: round(max(0, sentences - missing) / sentences, 4) if sentences else None,
        columns.ALIGNED_SHARE: round(found.one_to_one, 4),
        columns.TRANSLATION_LENGTH: round(ratio, 4) if ratio is not None else None,
        **_entities(pair),
        **_similarity(found, cosines),
    }


def _numbers(pair: TranslationPair, found: SentenceComparison) -> Columns:
    ours, theirs = pair.original, pair.translation
    raw = differences(numerals(ours.text, ours.language), numerals(theirs.text, theirs.language))
    units = compared_units(amounts(ours.text, ours.language), amounts(theirs.text, theirs.language), raw)
    lost, gained = units.differences.lost, units.differences.gained
    places = [*((one.start, one.end) for one in gained), *_beside(units.differences, found)]
    return {
        columns.NUMBERS_CHANGED: len(lost) + len(gained),
        columns.NUMBERS_CHANGED_PLACES: _places(places),
        columns.NUMBERS_LOST_IN_ORIGINAL: _places((one.start, one.end) for one in lost),
        columns.UNITS_CHANGED: len(units.changed),
        columns.UNITS_CHANGED_PLACES: _places((one.start, one.end) for one in units.changed),
    }


def _beside(numbers: Differences, found: SentenceComparison) -> list[Span]:
    """The sentences of the translation that should say the lost numbers, and have no other in their place."""
    spans: list[Span] = []
    for bead in found.beads:
        lost = any(_within(one.start, [found.original.spans[place] for place in bead.original]) for one in numbers.lost)
        theirs = [found.translation.spans[place] for place in bead.translation]
        if lost and not any(_within(one.start, theirs) for one in numbers.gained):
            spans += theirs
    return spans


def _within(place: int, spans: Sequence[Span]) -> bool:
    return any(start <= place < end for start, end in spans)


def _drugs(pair: TranslationPair) -> Columns:
    ours, theirs = drugs.names(pair.original.text), drugs.names(pair.translation.text)
    lost, gained = drugs.lost(ours, theirs), drugs.lost(theirs, ours)
    doses = swapped(
        *(
            dosed(one.text, named, amounts(one.text, one.language))
            for one, named in ((pair.original, ours), (pair.translation, theirs))
        )
    )
    return {
        columns.DOSES_SWAPPED: len(doses),
        columns.DOSES_SWAPPED_PLACES: _places(doses),
        columns.DRUGS_CHANGED: len(lost) + len(gained),
        columns.DRUGS_CHANGED_PLACES: _places((one.start, one.end) for one in gained),
        columns.DRUGS_LOST_IN_ORIGINAL: _places((one.start, one.end) for one in lost),
    }


def _missing(found: SentenceComparison, pair: TranslationPair, aligned: float) -> tuple[list[int], list[int]]:
    """The sentences dropped and added. Entities that the other layer has in full clear a sentence; without entities
    to compare the text decides, if it goes sentence by sentence.
    """
    literal = found.one_to_one >= aligned and found.in_place >= IN_PLACE
    ours, theirs = pair.original_layer, pair.translation_layer
    if ours is None or theirs is None or not of_one_making(ours, theirs):
        return (list(found.dropped), list(found.added)) if literal else ([], [])
    both = parity(ours, theirs)

    def missing(side: SentenceEvidence, place: int, layer: Layer, more: Counter[str]) -> bool:
        here = side.categories(place, layer)
        return any(more[category] for category in here) if here else literal

    return (
        [one for one in found.dropped if missing(found.original, one, ours, both.lost)],
        [one for one in found.added if missing(found.translation, one, theirs, both.gained)],
    )


def _entities(pair: TranslationPair) -> Columns:
    ours, theirs = pair.original_layer, pair.translation_layer
    if ours is None or theirs is None:
        return {}
    both = parity(ours, theirs)
    inexact = [
        one.id
        for one in theirs.entities
        if one.alignment is not Alignment.EXACT or wording(pair.translation.text, one.spans) != one.text
    ]
    same = of_one_making(ours, theirs)
    return {
        columns.ENTITY_PARITY: both.share,
        columns.ENTITIES_LOST: both.lost.total() if same else None,
        columns.ENTITIES_GAINED: both.gained.total() if same else None,
        columns.ENTITIES_UNTRANSLATED: both.lost.total() + both.gained.total() if same else None,
        columns.CATEGORIES_UNTRANSLATED: [*sorted(both.lost | both.gained)] if same else [],
        columns.PROJECTED_INEXACT: len(inexact) if same else None,
        columns.PROJECTED_INEXACT_ENTITIES: list(inexact) if same else [],
    }


def _cosines(ours: SentenceEvidence, theirs: SentenceEvidence, encoder: Encoder) -> Matrix | None:
    """The cosine of each sentence of the original with each of the translation."""
    if not ours.spans or not theirs.spans:
        return None
    said = [side.said(place)[:SENTENCE_CHARACTERS] for side in (ours, theirs) for place in range(len(side.spans))]
    vectors = encoder.encode(said).astype(np.float64)
    return np.asarray(vectors[: len(ours.spans)] @ vectors[len(ours.spans) :].T, dtype=np.float64)


def _similarity(found: SentenceComparison, cosines: Matrix | None) -> Columns:
    if cosines is None:
        return {}
    best = [
        (float(cosines[np.ix_(bead.original, bead.translation)].max()), bead)
        for bead in found.beads
        if bead.original and bead.translation
    ]
    if not best:
        return {}
    least, worst = min(best, key=lambda one: one[0])
    return {
        columns.TRANSLATION_SIMILARITY_LEAST: round(least, 4),
        columns.TRANSLATION_SIMILARITY_MEAN: round(sum(cosine for cosine, _ in best) / len(best), 4),
        columns.LEAST_SIMILAR_PLACES: _places(found.translation.spans[place] for place in worst.translation),
    }


def _places(spans: Iterable[Span]) -> list[JsonValue]:
    return [[start, end] for start, end in spans]

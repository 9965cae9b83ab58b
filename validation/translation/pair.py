"""All that is measured on a translation beside its original."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pydantic import JsonValue

from curation.embeddings.encoder import Encoder
from curation.record import Alignment, Layer, Record, wording
from curation.text.folding import Span
from curation.text.sentences import SENTENCE_CHARACTERS
from curation.translate.translated import MadeTranslation
from validation.translation import columns, drugs
from validation.translation.amounts import Amount, amounts, compared_units
from validation.translation.doses import dosed, swapped
from validation.translation.meaning_changes import all_mentions, changes
from validation.translation.multilingual import UNRELATED
from validation.translation.numerals import Differences, Numerals, differences, numerals
from validation.translation.parity import disagreeing, is_projected, of_one_making, parity, sure
from validation.translation.passages import Mentions
from validation.translation.senses import BODY_PARTS, NEGATION, SIDES, languages_of
from validation.translation.sentences import SentenceComparison, SentenceEvidence, compared, sentence_evidence
from validation.translation.untranslated import untranslated

if TYPE_CHECKING:
    from validation.translation.alignment import Matrix

#: Of what stands once in each text, the share that must stand in sentences put beside each other; below it the
#: sentences are in another order, and none is said to be missing.
IN_PLACE = 0.85

#: By kind of meaning, the columns of how often it is another, where in the translation and where in the original.
MEANINGS = {
    SIDES: (columns.SIDES_CHANGED, columns.SIDES_CHANGED_PLACES, columns.SIDES_CHANGED_IN_ORIGINAL),
    BODY_PARTS: (
        columns.BODY_PARTS_CHANGED,
        columns.BODY_PARTS_CHANGED_PLACES,
        columns.BODY_PARTS_CHANGED_IN_ORIGINAL,
    ),
    NEGATION: (columns.DENIALS_CHANGED, columns.DENIALS_CHANGED_PLACES, columns.DENIALS_CHANGED_IN_ORIGINAL),
}

Columns = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class TranslationPair:
    """A record and its translation, each with the layer to compare."""

    original: Record
    translation: Record
    original_layer: Layer | None = None
    translation_layer: Layer | None = None


@dataclass(frozen=True, slots=True)
class PairText:
    """A text of a pair, read once for all that is compared."""

    sentences: SentenceEvidence
    numerals: Numerals
    amounts: Sequence[Amount]
    drugs: drugs.DrugNames
    mentions: Mentions


@dataclass(frozen=True, slots=True)
class PairTexts:
    """Both texts of a pair."""

    original: PairText
    translation: PairText


def measured(pair: TranslationPair, *, aligned: float, encoder: Encoder | None = None) -> Columns:
    """The columns of a translation; those of cosines only with an encoder, which must cover both languages.

    aligned: the share of sentences with exactly one counterpart from which others are missed.
    """
    read = PairTexts(pair_text(pair.original), pair_text(pair.translation))
    ours, theirs = read.original.sentences, read.translation.sentences
    cosines = _cosines(ours, theirs, encoder) if encoder is not None else None
    found = compared(ours, theirs, cosines)
    left = untranslated(ours, theirs)
    # What was made here was translated sentence by sentence, however little the two sides have in common.
    is_made_here = MadeTranslation.of(pair.translation, pair.original) is not None
    literal = is_made_here or _is_literal(found, aligned)
    dropped, added = _missing(found, pair, literal=literal)
    ratio = len(pair.translation.text) / len(pair.original.text) if pair.original.text else None
    sentences = len(ours.spans)
    missing = len(dropped) + len(left)
    return {
        **_numbers(read, found),
        **_drugs(read),
        **(_meanings(read, found) if literal else {}),
        columns.UNTRANSLATED_SENTENCES: len(left),
        columns.UNTRANSLATED_PLACES: _offsets(theirs.spans[sentence] for sentence in left),
        columns.DROPPED_SENTENCES: len(dropped),
        columns.DROPPED_IN_ORIGINAL: _offsets(ours.spans[sentence] for sentence in dropped),
        columns.ADDED_SENTENCES: len(added),
        columns.ADDED_PLACES: _offsets(theirs.spans[sentence] for sentence in added),
        columns.TRANSLATED_RATIO: round(max(0, sentences - missing) / sentences, 4) if sentences else None,
        columns.ALIGNED_SHARE: round(found.one_to_one, 4),
        columns.TRANSLATION_LENGTH: round(ratio, 4) if ratio is not None else None,
        **_entities(pair),
        **(_similarity(found, cosines) if literal else {}),
    }


def pair_text(record: Record) -> PairText:
    """What is read from the text of a record, kept for a while: an original may have several translations."""
    return _pair_text(record.text, record.language)


@lru_cache(maxsize=32)
def _pair_text(text: str, language: str) -> PairText:
    found = numerals(text, language)
    return PairText(
        sentence_evidence(text, language, found),
        found,
        tuple(amounts(text, language)),
        drugs.names(text),
        all_mentions(text, language),
    )


def _numbers(read: PairTexts, found: SentenceComparison) -> Columns:
    ours, theirs = read.original, read.translation
    raw = differences(ours.numerals, theirs.numerals)
    units = compared_units(ours.amounts, theirs.amounts, raw)
    lost, gained = units.differences.lost, units.differences.gained
    spans = [*((numeral.start, numeral.end) for numeral in gained), *_beside(units.differences, found)]
    return {
        columns.NUMBERS_CHANGED: len(lost) + len(gained),
        columns.NUMBERS_CHANGED_PLACES: _offsets(spans),
        columns.NUMBERS_LOST_IN_ORIGINAL: _offsets((numeral.start, numeral.end) for numeral in lost),
        columns.UNITS_CHANGED: len(units.changed),
        columns.UNITS_CHANGED_PLACES: _offsets((amount.start, amount.end) for amount in units.changed),
    }


def _beside(numbers: Differences, found: SentenceComparison) -> list[Span]:
    """The sentences of the translation that should say the lost numbers, and have no other in their place."""
    spans: list[Span] = []
    for bead in found.beads:
        lost = any(
            _within(numeral.start, [found.original.spans[sentence] for sentence in bead.original])
            for numeral in numbers.lost
        )
        theirs = [found.translation.spans[sentence] for sentence in bead.translation]
        if lost and not any(_within(numeral.start, theirs) for numeral in numbers.gained):
            spans += theirs
    return spans


def _within(offset: int, spans: Sequence[Span]) -> bool:
    return any(start <= offset < end for start, end in spans)


def _drugs(read: PairTexts) -> Columns:
    ours, theirs = read.original, read.translation
    lost, gained = drugs.lost(ours.drugs, theirs.drugs), drugs.lost(theirs.drugs, ours.drugs)
    doses = swapped(
        dosed(ours.sentences.text, ours.drugs, ours.amounts), dosed(theirs.sentences.text, theirs.drugs, theirs.amounts)
    )
    return {
        columns.DOSES_SWAPPED: len(doses),
        columns.DOSES_SWAPPED_PLACES: _offsets(doses),
        columns.DRUGS_CHANGED: len(lost) + len(gained),
        columns.DRUGS_CHANGED_PLACES: _offsets((drug.start, drug.end) for drug in gained),
        columns.DRUGS_LOST_IN_ORIGINAL: _offsets((drug.start, drug.end) for drug in lost),
    }


def _meanings(read: PairTexts, found: SentenceComparison) -> Columns:
    """What of each kind is another; a language without words of a kind says nothing of it."""
    languages = {read.original.sentences.language, read.translation.sentences.language}
    row: Columns = {}
    for kind, change in changes(found, read.original.mentions, read.translation.mentions).items():
        if languages <= languages_of(kind):
            count, places, in_original = MEANINGS[kind]
            row |= {count: change.count, places: _offsets(change.translation), in_original: _offsets(change.original)}
    return row


def _is_literal(found: SentenceComparison, aligned: float) -> bool:
    """Whether a translation goes sentence by sentence; of one that was told anew sentences say nothing."""
    return found.one_to_one >= aligned and found.in_place >= IN_PLACE


def _missing(found: SentenceComparison, pair: TranslationPair, *, literal: bool) -> tuple[list[int], list[int]]:
    """The sentences dropped and added. Entities that the other layer has in full clear a sentence; without entities
    to compare the text decides, if it goes sentence by sentence.
    """
    ours, theirs = pair.original_layer, pair.translation_layer
    if ours is None or theirs is None or not of_one_making(ours, theirs):
        return (list(found.dropped), list(found.added)) if literal else ([], [])
    both = parity(ours, sure(theirs))

    def missing(side: SentenceEvidence, sentence: int, layer: Layer, more: Counter[str]) -> bool:
        categories = side.categories(sentence, layer)
        return any(more[category] for category in categories) if categories else literal

    return (
        [sentence for sentence in found.dropped if missing(found.original, sentence, ours, both.lost)],
        [sentence for sentence in found.added if missing(found.translation, sentence, theirs, both.gained)],
    )


def _entities(pair: TranslationPair) -> Columns:
    ours, theirs = pair.original_layer, pair.translation_layer
    if ours is None or theirs is None:
        return {}
    both = parity(ours, theirs)
    inexact = [
        entity.id
        for entity in theirs.entities
        if entity.alignment is not Alignment.EXACT or wording(pair.translation.text, entity.spans) != entity.text
    ]
    same = of_one_making(ours, theirs)
    doubtful = disagreeing(theirs) if is_projected(ours, theirs) else None
    return {
        columns.ENTITY_PARITY: both.share,
        columns.ENTITIES_LOST: both.lost.total() if same else None,
        columns.ENTITIES_GAINED: both.gained.total() if same else None,
        columns.ENTITIES_UNTRANSLATED: both.lost.total() + both.gained.total() if same else None,
        columns.CATEGORIES_UNTRANSLATED: [*sorted(both.lost | both.gained)] if same else [],
        columns.PROJECTED_INEXACT: len(inexact) if same else None,
        columns.PROJECTED_INEXACT_ENTITIES: list(inexact) if same else [],
        columns.PROJECTED_DISAGREEING: None if doubtful is None else len(doubtful),
        columns.PROJECTED_DISAGREEING_ENTITIES: [*(doubtful or [])],
    }


def _cosines(ours: SentenceEvidence, theirs: SentenceEvidence, encoder: Encoder) -> Matrix | None:
    """The cosine of each sentence of the original with each of the translation, 0 for unrelated ones."""
    if not ours.spans or not theirs.spans:
        return None
    sentences = [
        side.wording(sentence)[:SENTENCE_CHARACTERS] for side in (ours, theirs) for sentence in range(len(side.spans))
    ]
    vectors = encoder.encode(sentences).astype(np.float64)
    cosines = np.asarray(vectors[: len(ours.spans)] @ vectors[len(ours.spans) :].T, dtype=np.float64)
    unrelated = UNRELATED.get(encoder.name, 0.0)
    return (cosines - unrelated) / (1 - unrelated)


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
    least, worst = min(best, key=lambda scored: scored[0])
    return {
        columns.TRANSLATION_SIMILARITY_LEAST: round(least, 4),
        columns.TRANSLATION_SIMILARITY_MEAN: round(sum(cosine for cosine, _ in best) / len(best), 4),
        columns.LEAST_SIMILAR_PLACES: _offsets(found.translation.spans[sentence] for sentence in worst.translation),
    }


def _offsets(spans: Iterable[Span]) -> list[JsonValue]:
    return [[start, end] for start, end in spans]

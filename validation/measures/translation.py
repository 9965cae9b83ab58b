"""Translation: whether a record that translates another has the same content.

Looks at two records, so it is measured when verdicts are made, and kept in the store under the digest of all that it
looked at: a pair is measured again when the original comes, when either layer changes, or another encoder is named,
and never without need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from curation.batches import batched
from curation.decision import DecisionKind
from curation.embeddings.encoder import Encoder
from curation.record import Layer, digest
from curation.stage import Item, StoredItem
from curation.text.word_lists import word_lists_digest
from validation.layers import preferred_layers
from validation.measures.knowledge import knowledge_digest
from validation.measures.measure import Columns, MeasureSpec, Whole
from validation.measures.rule import TRANSLATED, Rule
from validation.settings import Severity
from validation.translation import columns
from validation.translation.multilingual import encoder_refused, meaning_encoder

if TYPE_CHECKING:
    from validation.translation.pair import TranslationPair

#: What is known of words of two languages: when it changes, everything is measured again.
FOLDER = Path(__file__).parents[1] / "translation"

#: Under this name the store keeps what was found, and under this key what it was found on.
KEPT, KEY = "translation", "measured on"
#: Pairs that are read at once.
PAIRS = 200


def measure(whole: Whole) -> Mapping[str, Columns]:
    """The columns of each measured record that translates another."""
    work = PairWork(whole)
    found: dict[str, Columns] = {}
    for pairs in batched(list(translated_pairs(whole)), PAIRS):
        found |= work.columns(pairs)
    return found


def no_translation(whole: Whole) -> str:
    """That no measured record translates another, "" when one does."""
    return "" if next(translated_pairs(whole), None) else "nothing applies: no record translates another"


def translated_pairs(whole: Whole) -> Iterator[tuple[str, str]]:
    """Each measured record that translates another, with that one."""
    return ((id, original) for id, original in whole.store.translations() if id in whole.measured)


#: A translation, and its original where that is there, as the store holds them.
StoredPair = tuple[StoredItem, StoredItem | None]


@dataclass(frozen=True, slots=True)
class PairReader:
    """Measures pairs: the layers that it looks at, in order, and what `translation` has from the settings."""

    reads: Sequence[str]
    aligned: float
    encoder_named: JsonValue

    def __call__(self, pairs: Iterable[StoredPair], encoder: Encoder | None = None) -> list[tuple[str, Columns]]:
        """The columns of each pair, with the translation's id."""
        return [(translation.record.id, self._row(translation, original, encoder)) for translation, original in pairs]

    def _row(self, translation: StoredItem, original: StoredItem | None, encoder: Encoder | None) -> Columns:
        from validation.translation.pair import measured

        if original is None:
            return {columns.ORIGINAL_MISSING: 1}
        pair = paired(original.read(), translation.read(), self.reads)
        found = measured(pair, aligned=self.aligned, encoder=encoder)
        return {columns.ORIGINAL_MISSING: 0, columns.TRANSLATION_ENCODER: self.encoder_named, **found}


class PairWork:
    """Pairs looked up where they were measured before, and measured where not."""

    def __init__(self, whole: Whole) -> None:
        self._store, self._scope = whole.store, whole.scope
        self.reads = preferred_layers(whole.store.layer_authors(), whole.scope.settings)
        self._version = _version()

    def columns(self, pairs: Sequence[tuple[str, str]]) -> dict[str, Columns]:
        """The columns of each pair, by the translation's id."""
        keys, current = self.known(pairs)
        unknown = [pair for pair in pairs if pair[0] not in current]
        fresh = self.keep(keys, self._measured(unknown))
        # What says nothing takes no room: all pairs of a set are held at once.
        return {
            id: {name: value for name, value in row.items() if name != KEY and value not in (None, [])}
            for id, row in {**current, **fresh}.items()
        }

    def known(self, pairs: Sequence[tuple[str, str]]) -> tuple[dict[str, str], dict[str, Columns]]:
        """By translation, what each pair is to be measured on, and the rows that were measured on just that."""
        keys = self._keys(pairs, list(dict.fromkeys(id for pair in pairs for id in pair)))
        stored = self._store.measures([id for id, _ in pairs], stage=KEPT)
        return keys, {id: row for id, row in stored if row.get(KEY) == keys[id]}

    def keep(self, keys: Mapping[str, str], rows: Iterable[tuple[str, Columns]]) -> dict[str, Columns]:
        """The rows by translation, once they are in the store with what they were measured on."""
        fresh = {id: row | {KEY: keys[id]} for id, row in rows}
        if fresh:
            self._store.put_measures(KEPT, fresh)
        return fresh

    def _keys(self, pairs: Sequence[tuple[str, str]], ids: Sequence[str]) -> dict[str, str]:
        """By translation, a digest of what its columns depend on. A record's id stands for its text."""
        layers = self._store.layer_digests(ids, self.reads)
        there = self._store.known_ids(original for _, original in pairs)
        read = {id: [layers.get((id, name)) for name in self.reads] for id in ids}
        encoder = self._encoder
        depends = [self._version, self.reads, [encoder.name, encoder.revision] if encoder else None]
        settings = self._scope.settings.translation.aligned
        return {
            id: digest([depends, settings, self._refused, id, read[id], original, original in there, read[original]])
            for id, original in pairs
        }

    def _measured(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[str, Columns]]:
        if pairs:
            yield from self.reader(self.items(pairs), encoder=self._encoder)

    def items(self, pairs: Sequence[tuple[str, str]]) -> list[StoredPair]:
        """Each translation with its original, None where that is not there."""
        ids = dict.fromkeys(id for pair in pairs for id in pair)
        items = {item.record.id: item for item in self._store.stored_items(self.reads, ids=ids)}
        return [(items[id], items.get(original)) for id, original in pairs]

    @property
    def reader(self) -> PairReader:
        """What measures pairs, without the store: it can be sent to other processes."""
        return PairReader(self.reads, self._scope.settings.translation.aligned, self._named)

    @property
    def can_go_apart(self) -> bool:
        """Whether several processes may measure pairs: no encoder is needed, which each would load."""
        return self._encoder is None

    @cached_property
    def _refused(self) -> str:
        return encoder_refused(self._scope)

    @cached_property
    def _encoder(self) -> Encoder | None:
        """The encoder, if it knows the languages; one that does not is not loaded."""
        return meaning_encoder(self._scope)

    @property
    def _named(self) -> JsonValue:
        refused = f"{self._refused}: not multilingual, no verdict" if self._refused else None
        return self._encoder.name if self._encoder else refused


def paired(original: Item, translation: Item, reads: Sequence[str]) -> TranslationPair:
    """The two records with the layers to compare: of one making if there are such, else the preferred ones."""
    from validation.translation.pair import TranslationPair
    from validation.translation.parity import of_one_making

    both = [(original.layers.get(name), translation.layers.get(name)) for name in reads]
    first: tuple[Layer | None, Layer | None] = (
        next((layer for layer, _ in both if layer), None),
        next((layer for _, layer in both if layer), None),
    )
    chosen = next((two for two in [first, *both] if of_one_making(*two)), first)
    return TranslationPair(original.record, translation.record, *chosen)


@cache
def _version() -> str:
    """A digest of the measure's version and of the files that it reads."""
    return digest([TRANSLATION.version, knowledge_digest(), word_lists_digest(FOLDER)])


TRANSLATION = MeasureSpec(
    name="translation",
    version=6,
    of=DecisionKind.TEXT,
    columns=columns.TRANSLATION,
    rules=(
        Rule(
            "original_present",
            columns.ORIGINAL_MISSING,
            "The record that this one translates is here too.",
            severity=Severity.OFF,
        ),
        Rule(
            "translated",
            columns.TRANSLATED_RATIO,
            "The translation says every sentence of its original, and says it in its own language.",
            expects=TRANSLATED,
            parameters=lambda settings, scheme: {"min_value": settings.translation.minimum},
            severity=Severity.SOFT,
            beside=(
                columns.DROPPED_SENTENCES,
                columns.DROPPED_IN_ORIGINAL,
                columns.UNTRANSLATED_SENTENCES,
                columns.UNTRANSLATED_PLACES,
            ),
        ),
        Rule(
            "nothing_added",
            columns.ADDED_SENTENCES,
            "The translation has no sentence that its original does not say.",
            severity=Severity.SOFT,
            beside=(columns.ADDED_PLACES,),
        ),
        Rule(
            "numbers_translated",
            columns.NUMBERS_CHANGED,
            "The translation has the numbers of its original, and no others.",
            severity=Severity.SOFT,
            beside=(columns.NUMBERS_CHANGED_PLACES, columns.NUMBERS_LOST_IN_ORIGINAL),
        ),
        Rule(
            "units_translated",
            columns.UNITS_CHANGED,
            "No number has another unit in the translation, unless it was converted.",
            severity=Severity.SOFT,
            beside=(columns.UNITS_CHANGED_PLACES,),
        ),
        Rule(
            "drugs_translated",
            columns.DRUGS_CHANGED,
            "The translation names the drugs of its original, and no others.",
            severity=Severity.SOFT,
            beside=(columns.DRUGS_CHANGED_PLACES, columns.DRUGS_LOST_IN_ORIGINAL),
        ),
        Rule(
            "doses_translated",
            columns.DOSES_SWAPPED,
            "Every drug has the dose in the translation that it has in the original.",
            severity=Severity.SOFT,
            beside=(columns.DOSES_SWAPPED_PLACES,),
        ),
        Rule(
            "sides_translated",
            columns.SIDES_CHANGED,
            "Left, right and both are the same in the translation, at the same part of the body.",
            severity=Severity.SOFT,
            beside=(columns.SIDES_CHANGED_PLACES, columns.SIDES_CHANGED_IN_ORIGINAL),
        ),
        Rule(
            "body_parts_translated",
            columns.BODY_PARTS_CHANGED,
            "No organ or other part of the body became another in the translation.",
            severity=Severity.SOFT,
            beside=(columns.BODY_PARTS_CHANGED_PLACES, columns.BODY_PARTS_CHANGED_IN_ORIGINAL),
        ),
        Rule(
            "denials_translated",
            columns.DENIALS_CHANGED,
            "The translation denies what its original denies, and nothing else.",
            severity=Severity.SOFT,
            beside=(columns.DENIALS_CHANGED_PLACES, columns.DENIALS_CHANGED_IN_ORIGINAL),
        ),
        Rule(
            "entities_translated",
            columns.ENTITIES_UNTRANSLATED,
            "Layers that must say the same have as many entities of each category on both sides.",
            severity=Severity.SOFT,
            beside=(columns.ENTITIES_LOST, columns.ENTITIES_GAINED, columns.CATEGORIES_UNTRANSLATED),
        ),
        Rule(
            "projections_exact",
            columns.PROJECTED_INEXACT,
            "The entities of a translated layer stand word for word in the translation.",
            severity=Severity.SOFT,
            beside=(columns.PROJECTED_INEXACT_ENTITIES,),
        ),
        Rule(
            "projections_agree",
            columns.PROJECTED_DISAGREEING,
            "No two methods say other places for an entity that was carried over to the translation.",
            severity=Severity.SOFT,
            beside=(columns.PROJECTED_DISAGREEING_ENTITIES,),
        ),
        Rule(
            "length_translated",
            columns.TRANSLATION_LENGTH,
            "The translation is about as long as its original.",
            parameters=lambda settings, scheme: {
                "min_value": settings.translation.shortest,
                "max_value": settings.translation.longest,
            },
            severity=Severity.SOFT,
        ),
        Rule(
            "meaning_translated",
            columns.TRANSLATION_SIMILARITY_LEAST,
            "Every sentence means what its original means, as far as a multilingual encoder tells.",
            parameters=lambda settings, scheme: {"min_value": settings.translation.similarity},
            severity=Severity.SOFT,
            beside=(columns.TRANSLATION_ENCODER, columns.TRANSLATION_SIMILARITY_MEAN, columns.LEAST_SIMILAR_PLACES),
        ),
    ),
    settings=(
        "translation.aligned",
        "translation.encoder",
        "translation.multilingual",
        "similarity.enabled",
        "similarity.encoder",
    ),
    lacks=no_translation,
    over=measure,
)

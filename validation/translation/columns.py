"""What is said of a translation beside its original, column by column."""

from __future__ import annotations

from curation.decision import DecisionKind
from validation.measures.columns import Column, Holds
from validation.translation.multilingual import no_encoder

ORIGINAL_MISSING = Column("original_missing", "whether the record that this one translates is not in the store (1)")
TRANSLATED_RATIO = Column(
    "translated_ratio", "share of the original's sentences that the translation says, in its own language"
)
DROPPED_SENTENCES = Column("dropped_sentences", "sentences of the original that the translation does not say")
DROPPED_IN_ORIGINAL = Column("dropped_in_original", "where they stand in the original", Holds.SPANS_OF_ORIGINAL)
UNTRANSLATED_SENTENCES = Column("untranslated_sentences", "sentences that are still in the language of the original")
UNTRANSLATED_PLACES = Column("untranslated_places", "where they stand", Holds.SPANS, kind="untranslated")
ADDED_SENTENCES = Column("added_sentences", "sentences that the original does not say")
ADDED_PLACES = Column("added_places", "where they stand", Holds.SPANS, kind="added")
ALIGNED_SHARE = Column("aligned_share", "share of the sentences of both texts that have exactly one counterpart")
TRANSLATION_LENGTH = Column("translation_length", "length of the text, in lengths of the original", plotted=True)
NUMBERS_CHANGED = Column("numbers_changed", "numbers that only one of the two texts has")
NUMBERS_CHANGED_PLACES = Column(
    "numbers_changed_places", "where they stand, or the sentence that lacks them", Holds.SPANS, kind="numbers_changed"
)
NUMBERS_LOST_IN_ORIGINAL = Column(
    "numbers_lost_in_original", "where those that the translation lacks stand in the original", Holds.SPANS_OF_ORIGINAL
)
UNITS_CHANGED = Column("units_changed", "numbers that have another unit than in the original")
UNITS_CHANGED_PLACES = Column("units_changed_places", "where they stand", Holds.SPANS, kind="units_changed")
DRUGS_CHANGED = Column("drugs_changed", "drugs that only one of the two texts names")
DRUGS_CHANGED_PLACES = Column(
    "drugs_changed_places", "where those stand that the original does not name", Holds.SPANS, kind="drugs_changed"
)
DRUGS_LOST_IN_ORIGINAL = Column(
    "drugs_lost_in_original", "where those that the translation lacks stand in the original", Holds.SPANS_OF_ORIGINAL
)
DOSES_SWAPPED = Column("doses_swapped", "drugs that stand beside another dose than in the original")
DOSES_SWAPPED_PLACES = Column("doses_swapped_places", "where they stand", Holds.SPANS, kind="doses_swapped")
ENTITY_PARITY = Column(
    "entity_parity",
    "share of the original's entities that the translation has in the same category",
    of=DecisionKind.LAYER,
)
ENTITIES_LOST = Column(
    "entities_lost", "entities that the translation lacks, of layers that must say the same", of=DecisionKind.LAYER
)
ENTITIES_GAINED = Column(
    "entities_gained", "entities that the original does not have, of such layers", of=DecisionKind.LAYER
)
ENTITIES_UNTRANSLATED = Column("entities_untranslated", "both together", of=DecisionKind.LAYER)
CATEGORIES_UNTRANSLATED = Column("categories_untranslated", "their categories", Holds.WORDS, of=DecisionKind.LAYER)
PROJECTED_INEXACT = Column(
    "projected_inexact",
    "entities of the translation whose wording is not the text at their place",
    of=DecisionKind.LAYER,
)
PROJECTED_INEXACT_ENTITIES = Column("projected_inexact_entities", "their ids", Holds.ENTITY_IDS, of=DecisionKind.LAYER)
TRANSLATION_ENCODER = Column("translation_encoder", "the model that compared meanings, or why none did", Holds.WORD)
TRANSLATION_SIMILARITY_LEAST = Column(
    "translation_similarity_least", "least cosine of a sentence and its translation", plotted=True, lacks=no_encoder
)
TRANSLATION_SIMILARITY_MEAN = Column(
    "translation_similarity_mean", "mean cosine of the sentences and their translations", plotted=True, lacks=no_encoder
)
LEAST_SIMILAR_PLACES = Column(
    "least_similar_places",
    "where the translation of the least similar sentence stands",
    Holds.SPANS,
    kind="least_similar",
)

TRANSLATION = (
    ORIGINAL_MISSING,
    TRANSLATED_RATIO,
    DROPPED_SENTENCES,
    DROPPED_IN_ORIGINAL,
    UNTRANSLATED_SENTENCES,
    UNTRANSLATED_PLACES,
    ADDED_SENTENCES,
    ADDED_PLACES,
    ALIGNED_SHARE,
    TRANSLATION_LENGTH,
    NUMBERS_CHANGED,
    NUMBERS_CHANGED_PLACES,
    NUMBERS_LOST_IN_ORIGINAL,
    UNITS_CHANGED,
    UNITS_CHANGED_PLACES,
    DRUGS_CHANGED,
    DRUGS_CHANGED_PLACES,
    DRUGS_LOST_IN_ORIGINAL,
    DOSES_SWAPPED,
    DOSES_SWAPPED_PLACES,
    ENTITY_PARITY,
    ENTITIES_LOST,
    ENTITIES_GAINED,
    ENTITIES_UNTRANSLATED,
    CATEGORIES_UNTRANSLATED,
    PROJECTED_INEXACT,
    PROJECTED_INEXACT_ENTITIES,
    TRANSLATION_ENCODER,
    TRANSLATION_SIMILARITY_LEAST,
    TRANSLATION_SIMILARITY_MEAN,
    LEAST_SIMILAR_PLACES,
)

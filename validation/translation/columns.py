"""The columns that describe a translation beside its original."""

from __future__ import annotations

from curation.decision import DecisionKind
from validation.measures.columns import Holds, MeasureColumn
from validation.translation.multilingual import no_encoder

ORIGINAL_MISSING = MeasureColumn(
    "original_missing", "whether the record that this one translates is not in the store (1)"
)
TRANSLATED_RATIO = MeasureColumn(
    "translated_ratio", "share of the original's sentences that the translation says, in its own language"
)
DROPPED_SENTENCES = MeasureColumn("dropped_sentences", "sentences of the original that the translation does not say")
DROPPED_IN_ORIGINAL = MeasureColumn("dropped_in_original", "where they stand in the original", Holds.SPANS_OF_ORIGINAL)
UNTRANSLATED_SENTENCES = MeasureColumn(
    "untranslated_sentences", "sentences that are still in the language of the original"
)
UNTRANSLATED_PLACES = MeasureColumn("untranslated_places", "where they stand", Holds.SPANS, kind="untranslated")
ADDED_SENTENCES = MeasureColumn("added_sentences", "sentences that the original does not say")
ADDED_PLACES = MeasureColumn("added_places", "where they stand", Holds.SPANS, kind="added")
ALIGNED_SHARE = MeasureColumn("aligned_share", "share of the sentences of both texts that have exactly one counterpart")
TRANSLATION_LENGTH = MeasureColumn("translation_length", "length of the text, in lengths of the original", plotted=True)
NUMBERS_CHANGED = MeasureColumn("numbers_changed", "numbers that only one of the two texts has")
NUMBERS_CHANGED_PLACES = MeasureColumn(
    "numbers_changed_places", "where they stand, or the sentence that lacks them", Holds.SPANS, kind="numbers_changed"
)
NUMBERS_LOST_IN_ORIGINAL = MeasureColumn(
    "numbers_lost_in_original", "where those that the translation lacks stand in the original", Holds.SPANS_OF_ORIGINAL
)
UNITS_CHANGED = MeasureColumn("units_changed", "numbers that have another unit than in the original")
UNITS_CHANGED_PLACES = MeasureColumn("units_changed_places", "where they stand", Holds.SPANS, kind="units_changed")
DRUGS_CHANGED = MeasureColumn("drugs_changed", "drugs that only one of the two texts names")
DRUGS_CHANGED_PLACES = MeasureColumn(
    "drugs_changed_places", "where those stand that the original does not name", Holds.SPANS, kind="drugs_changed"
)
DRUGS_LOST_IN_ORIGINAL = MeasureColumn(
    "drugs_lost_in_original", "where those that the translation lacks stand in the original", Holds.SPANS_OF_ORIGINAL
)
DOSES_SWAPPED = MeasureColumn("doses_swapped", "drugs that stand beside another dose than in the original")
DOSES_SWAPPED_PLACES = MeasureColumn("doses_swapped_places", "where they stand", Holds.SPANS, kind="doses_swapped")
SIDES_CHANGED = MeasureColumn(
    "sides_changed", "left, right or both that only one of two sentences has, or has at another part of the body"
)
SIDES_CHANGED_PLACES = MeasureColumn(
    "sides_changed_places", "where they stand, or the sentence that lacks them", Holds.SPANS, kind="sides_changed"
)
SIDES_CHANGED_IN_ORIGINAL = MeasureColumn(
    "sides_changed_in_original", "where they stand in the original, or its sentence", Holds.SPANS_OF_ORIGINAL
)
BODY_PARTS_CHANGED = MeasureColumn(
    "body_parts_changed", "organs and other parts of the body that are others than in the sentence of the original"
)
BODY_PARTS_CHANGED_PLACES = MeasureColumn(
    "body_parts_changed_places", "where they stand", Holds.SPANS, kind="body_parts_changed"
)
BODY_PARTS_CHANGED_IN_ORIGINAL = MeasureColumn(
    "body_parts_changed_in_original", "where the original has its own", Holds.SPANS_OF_ORIGINAL
)
DENIALS_CHANGED = MeasureColumn(
    "denials_changed", "denials that only one of two sentences has, or has at another finding"
)
DENIALS_CHANGED_PLACES = MeasureColumn(
    "denials_changed_places", "where they stand, or the sentence that lacks them", Holds.SPANS, kind="denials_changed"
)
DENIALS_CHANGED_IN_ORIGINAL = MeasureColumn(
    "denials_changed_in_original", "where they stand in the original, or its sentence", Holds.SPANS_OF_ORIGINAL
)
ENTITY_PARITY = MeasureColumn(
    "entity_parity",
    "share of the original's entities that the translation has in the same category",
    of=DecisionKind.LAYER,
)
ENTITIES_LOST = MeasureColumn(
    "entities_lost", "entities that the translation lacks, of layers that must say the same", of=DecisionKind.LAYER
)
ENTITIES_GAINED = MeasureColumn(
    "entities_gained", "entities that the original does not have, of such layers", of=DecisionKind.LAYER
)
ENTITIES_UNTRANSLATED = MeasureColumn("entities_untranslated", "both together", of=DecisionKind.LAYER)
CATEGORIES_UNTRANSLATED = MeasureColumn(
    "categories_untranslated", "their categories", Holds.WORDS, of=DecisionKind.LAYER
)
PROJECTED_INEXACT = MeasureColumn(
    "projected_inexact",
    "entities of the translation whose wording is not the text at their place",
    of=DecisionKind.LAYER,
)
PROJECTED_INEXACT_ENTITIES = MeasureColumn(
    "projected_inexact_entities", "their ids", Holds.ENTITY_IDS, of=DecisionKind.LAYER
)
PROJECTED_DISAGREEING = MeasureColumn(
    "projected_disagreeing",
    "entities carried over to the translation of which two methods say other places",
    of=DecisionKind.LAYER,
)
PROJECTED_DISAGREEING_ENTITIES = MeasureColumn(
    "projected_disagreeing_entities", "their ids", Holds.ENTITY_IDS, of=DecisionKind.LAYER
)
TRANSLATION_ENCODER = MeasureColumn(
    "translation_encoder", "the model that compared meanings, or why none did", Holds.WORD
)
TRANSLATION_SIMILARITY_LEAST = MeasureColumn(
    "translation_similarity_least",
    "least cosine of a sentence and its translation, 0 for unrelated ones",
    plotted=True,
    lacks=no_encoder,
)
TRANSLATION_SIMILARITY_MEAN = MeasureColumn(
    "translation_similarity_mean",
    "mean cosine of the sentences and their translations, 0 for unrelated ones",
    plotted=True,
    lacks=no_encoder,
)
LEAST_SIMILAR_PLACES = MeasureColumn(
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
    SIDES_CHANGED,
    SIDES_CHANGED_PLACES,
    SIDES_CHANGED_IN_ORIGINAL,
    BODY_PARTS_CHANGED,
    BODY_PARTS_CHANGED_PLACES,
    BODY_PARTS_CHANGED_IN_ORIGINAL,
    DENIALS_CHANGED,
    DENIALS_CHANGED_PLACES,
    DENIALS_CHANGED_IN_ORIGINAL,
    ENTITY_PARITY,
    ENTITIES_LOST,
    ENTITIES_GAINED,
    ENTITIES_UNTRANSLATED,
    CATEGORIES_UNTRANSLATED,
    PROJECTED_INEXACT,
    PROJECTED_INEXACT_ENTITIES,
    PROJECTED_DISAGREEING,
    PROJECTED_DISAGREEING_ENTITIES,
    TRANSLATION_ENCODER,
    TRANSLATION_SIMILARITY_LEAST,
    TRANSLATION_SIMILARITY_MEAN,
    LEAST_SIMILAR_PLACES,
)

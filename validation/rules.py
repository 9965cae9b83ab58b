"""The table of expectations: which column, what is expected of it, and what a failure does.

Great Expectations gets one expectation for each entry; a new check is one entry here (and a measure, if
no column says it yet).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from curation.errors import ConfigError
from curation.scheme import Scheme
from validation.settings import Severity, ValidationSettings

#: Parameters of an expectation, from the settings and the scheme.
Parameters = Callable[[ValidationSettings, Scheme], dict[str, Any]]


BETWEEN = "expect_column_values_to_be_between"
IN_SET = "expect_column_values_to_be_in_set"
NULL = "expect_column_values_to_be_null"
UNIQUE = "expect_column_values_to_be_unique"
GROUNDED = "expect_entities_to_be_grounded"
FREE_OF_IDENTIFIERS = "expect_text_to_be_free_of_identifiers"
NOT_LEAKED = "expect_held_out_records_not_to_leak"
TRANSLATED = "expect_original_to_be_translated"
#: The rule that the privacy policy is about.
IDENTIFIERS = "free_of_identifiers"
#: Types that hold a value between two bounds; those of ours are in `validation.clincurate_expectations`.
BOUNDED = frozenset({BETWEEN, GROUNDED, FREE_OF_IDENTIFIERS, NOT_LEAKED, TRANSLATED})


def _none(settings: ValidationSettings, scheme: Scheme) -> dict[str, Any]:
    return {}


def _zero(settings: ValidationSettings, scheme: Scheme) -> dict[str, Any]:
    return {"max_value": 0}


@dataclass(frozen=True, slots=True)
class Rule:
    """An expectation of Great Expectations on one column of measures: that it counts nothing, unless said otherwise."""

    name: str
    column: str
    says: str  # for people, in Data Docs and reports
    expects: str = BETWEEN  # the type of Great Expectations
    parameters: Parameters = _zero
    severity: Severity = Severity.HARD
    beside: tuple[str, ...] = ()  # columns that explain a failure
    #: Where a setting of its own says how grave a failure is.
    by_setting: Callable[[ValidationSettings], Severity] | None = None

    def severity_under(self, settings: ValidationSettings) -> Severity:
        """What a failure does, unless `validation.severity` names this rule."""
        return self.by_setting(settings) if self.by_setting else self.severity


RULES: tuple[Rule, ...] = (
    Rule("unique_ids", "record_id", "No two records have the same id.", expects=UNIQUE, parameters=_none),
    Rule("text_present", "characters", "The text is not empty.", parameters=lambda v, s: {"min_value": 1}),
    Rule(
        "text_length",
        "words",
        "The text is neither a fragment nor far longer than a summary.",
        parameters=lambda v, s: {"min_value": v.length.minimum, "max_value": v.length.maximum},
    ),
    Rule(
        "language_known",
        "language",
        "The record names a language of the scheme.",
        expects=IN_SET,
        parameters=lambda v, s: {"value_set": list(s.languages)},
    ),
    Rule(
        "language_agrees",
        "language_confidence",
        "The text is in the language that the record names.",
        parameters=lambda v, s: {"min_value": v.language.minimum},
        beside=("language", "language_detected"),
    ),
    Rule(
        "language_unmixed",
        "languages_found",
        "The text is in one language throughout.",
        parameters=lambda v, s: {"max_value": 1},
        severity=Severity.SOFT,
        beside=("language_detected",),
    ),
    Rule(
        "no_control_characters",
        "control_characters",
        "The text holds no control or replacement characters, which a broken conversion leaves.",
        severity=Severity.SOFT,
    ),
    Rule(
        "no_hidden_characters",
        "hidden_characters",
        "The text holds no invisible marks such as text direction or zero width.",
        severity=Severity.SOFT,
    ),
    Rule(
        "categories_known",
        "unknown_categories",
        "Every entity is in a category of the scheme.",
        beside=("category_names_unknown",),
    ),
    Rule("relations_known", "unknown_relations", "Every relation is of a type of the scheme."),
    Rule(
        "flat_view_whole",
        "flat_faults",
        "The flat view has exactly the scheme's keys, strings only, and N/A only alone.",
        beside=("flat_fault_places",),
    ),
    Rule(
        "flat_answer_whole",
        "answer_faults",
        "The flat answer that the layer was read from had exactly the scheme's keys, strings only, and N/A only alone.",
        severity=Severity.SOFT,
        beside=("answer_fault_places",),
    ),
    Rule(
        "facts_come_back",
        "facts_changed",
        "Every fact of the flat view is read back as one fact, and as this one.",
        severity=Severity.SOFT,
        beside=("facts_changed_entities",),
    ),
    Rule(
        "label_values_known",
        "invalid_labels",
        "Every document label has a value that the scheme has.",
        beside=("invalid_label_names",),
    ),
    Rule("labels_known", "unknown_labels", "Every document label is one of the scheme's.", severity=Severity.OFF),
    Rule(
        "attribute_values_known",
        "invalid_attributes",
        "Every attribute that the scheme has is of a category that may have it, with a value that the scheme has.",
        beside=("invalid_attribute_entities",),
    ),
    Rule(
        "offsets_exact",
        "inexact_offsets",
        "The text at an entity's offsets is the entity's wording.",
        beside=("inexact_entities",),
    ),
    Rule("entities_distinct", "repeated_entities", "No entity is said twice.", severity=Severity.SOFT),
    Rule(
        "entities_found",
        "entities",
        "The layer says something.",
        parameters=lambda v, s: {"min_value": v.entities.minimum},
        severity=Severity.SOFT,
        beside=("layer",),
    ),
    Rule(
        "entities_grounded",
        "grounding_ratio",
        "The entities stand in the text; what does not may be invented.",
        expects=GROUNDED,
        parameters=lambda v, s: {"min_value": v.grounding.minimum},
        beside=("ungrounded", "ungrounded_entities"),
    ),
    Rule(
        "nothing_invented",
        "invented",
        "The text says what the entities say, be it elsewhere or in other words.",
        severity=Severity.SOFT,
        beside=("invented_entities",),
    ),
    Rule(
        "facts_covered",
        "uncovered_share",
        "Numbers with units, drugs and tests of the text are in entities.",
        parameters=lambda v, s: {"max_value": v.omission.maximum},
        severity=Severity.OFF,
        beside=("uncovered_measured", "uncovered_drugs", "uncovered_tests"),
    ),
    Rule(
        "likely_facts_covered",
        "likely_omitted_share",
        "What other records would have in an entity is in one.",
        parameters=lambda v, s: {"max_value": v.omission.share},
        severity=Severity.OFF,
        beside=("likely_omission_places",),
    ),
    Rule(
        "second_opinion_covered",
        "second_opinion_share",
        "What other layers of the record have, the checked one has too.",
        parameters=lambda v, s: {"max_value": v.second_opinion.missing},
        severity=Severity.OFF,
        beside=("second_opinion_places",),
    ),
    Rule(
        "categories_present",
        "categories_missing",
        "The checked layer says something in each category in which another layer does.",
        severity=Severity.OFF,
        beside=("category_names_missing",),
    ),
    Rule(
        "age_not_too_low",
        "age_lowest",
        "The patient's age is not below what is plausible.",
        parameters=lambda v, s: {"min_value": v.age.minimum},
    ),
    Rule(
        "age_not_too_high",
        "age_highest",
        "The patient's age is not above what is plausible.",
        parameters=lambda v, s: {"max_value": v.age.maximum},
    ),
    Rule(
        "ages_agree",
        "age_spread",
        "All mentions of the patient's age agree.",
        parameters=lambda v, s: {"max_value": v.age.spread},
        severity=Severity.SOFT,
        beside=("age_lowest", "age_highest"),
    ),
    Rule(
        "ages_fit_nouns",
        "ages_contradicted",
        "No age contradicts the noun beside it: no 4-year-old man, no 70-year-old infant.",
        severity=Severity.SOFT,
        beside=("age_contradicted_entities",),
    ),
    Rule(
        "genders_fit_text",
        "genders_contradicted",
        "Pronouns, nouns and organs are those of the patient's gender.",
        severity=Severity.SOFT,
        beside=("gender_contradicted_entities",),
    ),
    Rule(
        "laboratory_values_possible",
        "implausible_values",
        "Every laboratory value that could be read is one that a living person can have.",
        severity=Severity.SOFT,
        beside=("implausible_value_entities",),
    ),
    Rule(
        "doses_possible",
        "implausible_doses",
        "Every dose that could be read is one that is given of the drug.",
        severity=Severity.SOFT,
        beside=("implausible_dose_entities",),
    ),
    Rule(
        "no_unit_slips",
        "unit_slips",
        "No value or dose is off by a power of ten.",
        severity=Severity.SOFT,
        beside=("unit_slip_entities",),
    ),
    Rule(
        "denied_findings_negated",
        "denied_as_present",
        "What the text denies is not annotated as present.",
        severity=Severity.SOFT,
        beside=("denied_as_present_entities",),
    ),
    Rule(
        "negated_findings_denied",
        "negated_undenied",
        "What is annotated as negated stands in a sentence that denies something.",
        severity=Severity.SOFT,
        beside=("negated_undenied_entities",),
    ),
    Rule("dates_possible", "dates_impossible", "Every full date is one that a calendar has.", severity=Severity.SOFT),
    Rule(
        "dates_in_order",
        "dates_out_of_order",
        "Birth, admission, discharge and death follow one another.",
        severity=Severity.SOFT,
    ),
    Rule(
        "entities_fit_sentences",
        "similarity_mean",
        "On average, entities are like the sentences they stand in.",
        parameters=lambda v, s: {"min_value": v.similarity.mean},
        severity=Severity.SOFT,
        beside=("least_similar_entity",),
    ),
    Rule(
        "each_entity_fits_its_sentence",
        "similarity_least",
        "No entity is wholly unlike the sentence it stands in.",
        parameters=lambda v, s: {"min_value": v.similarity.minimum},
        severity=Severity.SOFT,
        beside=("least_similar_entity",),
    ),
    Rule(
        "layers_agree",
        "agreement_lenient",
        "Other layers of the record say much the same.",
        parameters=lambda v, s: {"min_value": v.second_opinion.minimum},
        severity=Severity.OFF,
        beside=("agreement_by_layer",),
    ),
    Rule(
        "boundaries_kept",
        "boundary_breaches",
        "No entity breaks a boundary rule of its category.",
        severity=Severity.SOFT,
        beside=("boundary_breach_entities", "boundaries_broken"),
    ),
    Rule(
        "categories_consistent",
        "doubtful_categories",
        "Entities stand in the category that other records put their like into.",
        severity=Severity.OFF,
        beside=("doubtful_category_entities",),
    ),
    Rule(
        "entities_near_their_category",
        "category_outliers",
        "No entity lies far from the others of its category.",
        severity=Severity.OFF,
        beside=("category_outlier_entities",),
    ),
    Rule(
        "original_present",
        "original_missing",
        "The record that this one translates is here too.",
        severity=Severity.OFF,
    ),
    Rule(
        "translated",
        "translated_ratio",
        "The translation says every sentence of its original, and says it in its own language.",
        expects=TRANSLATED,
        parameters=lambda v, s: {"min_value": v.translation.minimum},
        severity=Severity.SOFT,
        beside=("dropped_sentences", "dropped_in_original", "untranslated_sentences", "untranslated_places"),
    ),
    Rule(
        "nothing_added",
        "added_sentences",
        "The translation has no sentence that its original does not say.",
        severity=Severity.SOFT,
        beside=("added_places",),
    ),
    Rule(
        "numbers_translated",
        "numbers_changed",
        "The translation has the numbers of its original, and no others.",
        severity=Severity.SOFT,
        beside=("numbers_changed_places", "numbers_lost_in_original"),
    ),
    Rule(
        "units_translated",
        "units_changed",
        "No number has another unit in the translation, unless it was converted.",
        severity=Severity.SOFT,
        beside=("units_changed_places",),
    ),
    Rule(
        "drugs_translated",
        "drugs_changed",
        "The translation names the drugs of its original, and no others.",
        severity=Severity.SOFT,
        beside=("drugs_changed_places", "drugs_lost_in_original"),
    ),
    Rule(
        "doses_translated",
        "doses_swapped",
        "Every drug has the dose in the translation that it has in the original.",
        severity=Severity.SOFT,
        beside=("doses_swapped_places",),
    ),
    Rule(
        "entities_translated",
        "entities_untranslated",
        "Layers that must say the same have as many entities of each category on both sides.",
        severity=Severity.SOFT,
        beside=("entities_lost", "entities_gained", "categories_untranslated"),
    ),
    Rule(
        "projections_exact",
        "projected_inexact",
        "The entities of a translated layer stand word for word in the translation.",
        severity=Severity.SOFT,
        beside=("projected_inexact_entities",),
    ),
    Rule(
        "length_translated",
        "translation_length",
        "The translation is about as long as its original.",
        parameters=lambda v, s: {"min_value": v.translation.shortest, "max_value": v.translation.longest},
        severity=Severity.SOFT,
    ),
    Rule(
        "meaning_translated",
        "translation_similarity_least",
        "Every sentence means what its original means, as far as a multilingual encoder tells.",
        parameters=lambda v, s: {"min_value": v.translation.similarity},
        severity=Severity.SOFT,
        beside=("translation_encoder", "translation_similarity_mean", "least_similar_places"),
    ),
    Rule(
        "no_duplicate",
        "duplicate_of",
        "No other record, kept in its place, has the same text.",
        expects=NULL,
        parameters=_none,
        beside=("duplicate_similarity",),
    ),
    Rule(
        "no_near_duplicate",
        "near_duplicate_of",
        "No other record, kept in its place, has nearly the same text.",
        expects=NULL,
        parameters=_none,
        beside=("duplicate_similarity",),
    ),
    Rule(
        "no_semantic_duplicate",
        "semantic_duplicate_of",
        "No other record, kept in its place, tells the same case in other words.",
        expects=NULL,
        parameters=_none,
        severity=Severity.OFF,
        beside=("semantic_similarity",),
    ),
    Rule(
        "no_leakage",
        "leaks",
        "Nothing in an earlier split of the newest curated set gives a held-out record away.",
        expects=NOT_LEAKED,
        severity=Severity.SOFT,
        beside=("held_out_in", "leaked_by"),
    ),
    Rule(
        IDENTIFIERS,
        "identifiers",
        "The text holds nothing that would tell who somebody is.",
        expects=FREE_OF_IDENTIFIERS,
        parameters=lambda v, s: {"max_value": v.privacy.maximum},
        severity=Severity.SOFT,
        beside=("identifier_kinds", "identifier_places"),
        by_setting=lambda v: v.privacy_severity,
    ),
)

BY_NAME = {rule.name: rule for rule in RULES}


def severities(settings: ValidationSettings, known: Iterable[str] = BY_NAME) -> dict[str, Severity]:
    """The severity of each rule under the settings; ConfigError for a rule that there is not."""
    names = list(known)
    for name in settings.severity:
        if name not in names:
            near = get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
            raise ConfigError(f"validation.severity: expected the name of an expectation, got {name!r}; {hint}")
    return {rule.name: settings.severity.get(rule.name, rule.severity_under(settings)) for rule in RULES}

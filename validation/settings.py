"""The section `validation` of curate.toml."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from curation.author import VALIDATION_RANK
from curation.egress.settings import PrivacyPolicy, PrivacySettings
from curation.embeddings.encoder import BACKENDS, PACKAGED_ENCODER, Backend
from curation.record import Frozen
from curation.sets.duplicates import THRESHOLD
from curation.text.language import LANGUAGES
from validation.drift.settings import DriftSettings
from validation.translation.settings import TranslationSettings


class Severity(StrEnum):
    """What a failed expectation does to a record."""

    HARD = "hard"  # quarantined
    SOFT = "soft"  # needs review
    OFF = "off"  # not checked


#: How grave identifiers in a text are under each privacy policy.
IDENTIFIERS_ARE = {
    PrivacyPolicy.ALLOW: Severity.OFF,
    PrivacyPolicy.REPORT: Severity.SOFT,
    PrivacyPolicy.REPLACE: Severity.HARD,
    PrivacyPolicy.BLOCK: Severity.HARD,
}

#: Records up to which the engine "auto" holds what was measured in memory, at some 3 kB each.
IN_MEMORY = 50_000


class Engine(StrEnum):
    """Where Great Expectations looks at what was measured."""

    AUTO = "auto"  # in memory while they are few
    PANDAS = "pandas"  # in memory
    SQL = "sql"  # in a table of the store


class LengthSettings(Frozen):
    """How long a summary may be."""

    minimum: int = Field(default=5, ge=0, description="Fewest words of a text.")
    maximum: int = Field(default=5_000, ge=1, description="Most words of a text.")

    @model_validator(mode="after")
    def _in_order(self) -> LengthSettings:
        if self.maximum < self.minimum:
            raise ValueError(f"expected a maximum of at least {self.minimum} words, got {self.maximum}")
        return self


class LanguageSettings(Frozen):
    """Whether a text is in the language that its record names."""

    minimum: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Least probability of the language that the record names. Single English sentences full of "
        "Latin come out as low as 0.3, texts in another language below 0.2.",
    )
    candidates: tuple[str, ...] = Field(
        default=LANGUAGES, description="Languages told apart (ISO 639-1), beside those of the scheme."
    )


class EntitySettings(Frozen):
    """How many entities a layer must have."""

    minimum: int = Field(default=1, ge=0, description="Fewest entities of the checked layer.")


class GroundingSettings(Frozen):
    """Whether entities stand in the text."""

    minimum: float = Field(default=0.8, ge=0, le=1, description="Least share of entities found in the text.")
    fuzzy: float = Field(
        default=0.85,
        ge=0,
        le=1,
        description="Similarity from which an inexactly found entity counts as found.",
    )
    semantic: float = Field(
        default=0.8,
        ge=-1,
        le=1,
        description="Cosine from which a stretch of the text says what an entity says in other words; needs the "
        "embeddings of validation.similarity.",
    )


class OmissionSettings(Frozen):
    """How much that looks like a fact may be in no entity."""

    maximum: float = Field(
        default=2.0,
        ge=0,
        description="Most numbers with units, drugs and tests that no entity covers, of 100 words.",
    )
    likely: float = Field(
        default=0.9,
        ge=0.5,
        le=1,
        description="Chance, by what other records have in entities, from which on a stretch is likely a fact.",
    )
    share: float = Field(
        default=0.2, ge=0, le=1, description="Most of the likely facts that no entity may meet, as a share."
    )


class AgeSettings(Frozen):
    """Which ages are plausible."""

    minimum: int = Field(default=0, ge=0, description="Youngest plausible age in years.")
    maximum: int = Field(default=120, ge=0, description="Oldest plausible age in years.")
    spread: int = Field(default=5, ge=0, description="Most years between two ages given for one patient.")


class SimilaritySettings(Frozen):
    """Whether entities belong to their sentences, by sentence embeddings."""

    enabled: bool = Field(default=True, description="Whether embeddings are computed (the slowest measure).")
    encoder: str = Field(default=PACKAGED_ENCODER, description="A sentence-transformers model: name or folder.")
    backend: Backend = Field(default="auto", description=BACKENDS)
    mean: float = Field(
        default=0.3,
        ge=-1,
        le=1,
        description="Least mean cosine between a record's entities and their sentences.",
    )
    minimum: float = Field(default=-0.1, ge=-1, le=1, description="Least cosine between any entity and its sentence.")


class CategorySettings(Frozen):
    """Whether entities stand in the category that other records put their like into, by embeddings."""

    minimum: float = Field(
        default=0.004,
        ge=0,
        le=1,
        description="Least probability of an entity's category, by a model that learnt from other records. At 0.004 "
        "nine in ten swapped categories are doubted, and about one in ten sound ones.",
    )
    far: float = Field(
        default=1.7,
        gt=0,
        description="Robust deviations from the other entities of its category from which on an entity is an outlier.",
    )


class SecondOpinionSettings(Frozen):
    """Whether other layers of a record agree with the checked one."""

    layers: tuple[str, ...] = Field(
        default=(),
        description="The layers that the checked one is compared with; by default all others but gold.",
    )
    minimum: float = Field(default=0.3, ge=0, le=1, description="Least lenient F1 with the layer that agrees least.")
    missing: float = Field(
        default=0.2, ge=0, le=1, description="Most of the facts of other layers that may be missing, as a share."
    )


class BoundarySettings(Frozen):
    """Whether entities keep to the boundaries of their categories."""

    file: str | None = Field(
        default=None,
        description="A YAML file of boundary rules for a scheme of your own; by default the shipped one for the "
        "fifteen categories.",
    )
    rules: tuple[str, ...] | None = Field(
        default=None, description="Names of the rules that apply; by default those that the file marks so."
    )


class DuplicateSettings(Frozen):
    """When two records have the same content."""

    threshold: float = Field(
        default=THRESHOLD,
        gt=0,
        le=1,
        description="Jaccard similarity over word shingles from which texts are near-duplicates.",
    )
    semantic: float = Field(
        default=0.55,
        ge=-1,
        le=1,
        description="Mean cosine of sentences with the nearest ones of another record from which both tell the same "
        "case, if they have their numbers in common; measured only where an expectation looks at it, such as "
        "no_semantic_duplicate (off by default).",
    )


class ReportSettings(Frozen):
    """What the report shows."""

    examples: int = Field(
        default=3,
        ge=0,
        description="Excerpts of failed records for each expectation, the only clinical text in the report; 0 leaves "
        "all text out.",
    )
    language: str | None = Field(
        default=None,
        description="The language of the page: its own words in English or German, labels and boundary rules in "
        "whichever scheme and rules have. Unset, that of review.language.",
    )


class ValidationSettings(Frozen):
    """What is checked, and from where on it fails."""

    layer: str | None = Field(
        default=None,
        description=f"The layer that is checked; by default the first there is, by kind: {', '.join(VALIDATION_RANK)}.",
    )
    engine: Engine = Field(
        default=Engine.AUTO,
        description="Where expectations look at the measures: pandas (in memory, the faster one), sql (a table "
        f"of the store, for sets that memory should not hold), or auto: pandas up to {IN_MEMORY:,} records, sql "
        "beyond. The verdicts are the same.",
    )
    length: LengthSettings = Field(default_factory=LengthSettings, description="Length of the text.")
    language: LanguageSettings = Field(default_factory=LanguageSettings, description="Language of the text.")
    entities: EntitySettings = Field(default_factory=EntitySettings, description="Number of entities.")
    grounding: GroundingSettings = Field(
        default_factory=GroundingSettings, description="Whether entities stand in the text."
    )
    omission: OmissionSettings = Field(
        default_factory=OmissionSettings, description="What looks like a fact and is in no entity."
    )
    age: AgeSettings = Field(default_factory=AgeSettings, description="Plausible ages.")
    similarity: SimilaritySettings = Field(
        default_factory=SimilaritySettings, description="Entities against their sentences, by embeddings."
    )
    categories: CategorySettings = Field(
        default_factory=CategorySettings,
        description="Entities in the wrong category; measured only where an expectation looks at them, such as "
        "categories_consistent or entities_near_their_category (off by default).",
    )
    second_opinion: SecondOpinionSettings = Field(
        default_factory=SecondOpinionSettings, description="Other layers of a record against the checked one."
    )
    boundaries: BoundarySettings = Field(
        default_factory=BoundarySettings, description="Entities that break the boundary rules of their categories."
    )
    translation: TranslationSettings = Field(
        default_factory=TranslationSettings, description="Translations beside their originals."
    )
    duplicates: DuplicateSettings = Field(default_factory=DuplicateSettings, description="Records that say the same.")
    drift: DriftSettings = Field(
        default_factory=DriftSettings, description="New records against a curated set (`curate drift`)."
    )
    privacy: PrivacySettings = Field(default_factory=PrivacySettings, description="Texts that tell who somebody is.")
    severity: dict[str, Severity] = Field(
        default_factory=dict,
        description="Another severity for an expectation, by its name: hard (quarantines), soft (asks for "
        "review) or off.",
    )
    report: ReportSettings = Field(default_factory=ReportSettings, description="The report.")
    keep_runs: int = Field(default=10, ge=1, description="Validation runs that Data Docs keep; older ones are removed.")

    @property
    def privacy_severity(self) -> Severity:
        """How grave it is that a text holds more identifiers than it may."""
        return IDENTIFIERS_ARE[self.privacy.policy]

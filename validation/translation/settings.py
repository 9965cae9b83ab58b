"""The section `validation.translation` of curate.toml."""

from __future__ import annotations

from pydantic import Field, model_validator

from curation.record import Frozen


class TranslationSettings(Frozen):
    """Whether a translation has the content of its original."""

    minimum: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Least share of an original's sentences that its translation says, in its own language.",
    )
    shortest: float = Field(
        default=0.5, gt=0, description="Least length of a translation, in lengths of its original (characters)."
    )
    longest: float = Field(
        default=2.0, gt=0, description="Greatest length of a translation, in lengths of its original (characters)."
    )
    aligned: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of sentences with exactly one counterpart from which sentences without one count as dropped "
        "or added; below it the text was told anew rather than translated, and only its entities tell.",
    )
    encoder: str | None = Field(
        default=None,
        description="The encoder that compares meanings: a sentence-transformers model (name or folder), "
        "ADDRESS#MODEL, or off. Unset: that of validation.similarity.encoder if it knows the languages of the scheme, "
        "else multilingual-e5-small where the extra [multilingual] is installed.",
    )
    similarity: float = Field(
        default=0.45,
        ge=-1,
        le=1,
        description="Least cosine between a sentence and its translation, from 0 for unrelated sentences to 1: cosines "
        "of multilingual-e5-small, which begin at 0.7, are stretched.",
    )
    back: float = Field(
        default=40.0,
        ge=0,
        le=100,
        description="Least chrF, 0 to 100, of a translation that was translated back (`curate translate "
        "--back-translate`) against its original.",
    )
    multilingual: bool | None = Field(
        default=None,
        description="Whether the encoder that is named knows the languages of both sides. Unset, its name, card and "
        "vocabulary tell; a model that does not know them gives no verdict.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> TranslationSettings:
        if self.longest < self.shortest:
            raise ValueError(f"expected longest to be at least {self.shortest}, got {self.longest}")
        return self

"""The [curation] section of curate.toml."""

from __future__ import annotations

from pydantic import Field, model_validator

from curation.record import Frozen


class SplitSettings(Frozen):
    """How `curate freeze` divides a set."""

    train: float = Field(0.8, description="Share of the groups that goes to training.", ge=0, le=1)
    validation: float = Field(0.1, description="Share that chooses the best checkpoint.", ge=0, le=1)
    test: float = Field(0.1, description="Share that measures the result.", ge=0, le=1)
    seed: int = Field(0, description="Another seed gives another division of the same groups.")
    near_duplicates: float = Field(
        0.8,
        description="Texts at least this similar (Jaccard over word shingles) stay on one side.",
        gt=0,
        le=1,
    )

    stratify: tuple[str, ...] = Field(
        (),
        description="What each split gets its share of: the names of document labels (by their values), of categories "
        "(with and without such an entity), or `language`. Groups are never cut.",
    )

    @model_validator(mode="after")
    def _adds_up(self) -> SplitSettings:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"expected train, validation and test to add up to 1, got {total:g}")
        return self


class JudgeSettings(Frozen):
    """What a language model is asked that judges another author's layer."""

    prompt: str = Field(
        "judge.v1",
        description="Prompt of the style `judge` that ships with the product (`curate prompt list`), or the path of a "
        "jinja file of your own.",
    )
    together: int = Field(
        8,
        description="Entities of a record that are asked about in one request, at most; fewer where the model's "
        "context is too small.",
        ge=1,
        le=64,
    )


class TranslateSettings(Frozen):
    """How `curate translate` makes records in another language."""

    translator: str | None = Field(None, description="Who translates where `--with` says nothing: llm:NAME.")
    prompt: str = Field(
        "translate.v1",
        description="Prompt of the style `translate` that ships with the product, or the path of a jinja file.",
    )
    mention_prompt: str = Field(
        "mention.v1",
        description="Prompt of the style `mention`, by which a model is asked where its translation says what a marked "
        "wording says whose markers got lost.",
    )
    characters: int = Field(
        2_000,
        description="Characters of a text that are translated in one request, at most; fewer where the model's context "
        "is too small, never less than a sentence.",
        ge=1,
    )
    before: int = Field(2, description="Sentences before them that are shown with a request, as context.", ge=0)
    glossary: str = Field(
        "glossary.yaml",
        description="The file of your terms, relative to the workspace: a list of `source` and `target`, with "
        "`category`, `from` and `to` (languages) where you like. Without the file there are none.",
    )


class CurationSettings(Frozen):
    """Where things are kept, and what a curated set is made of."""

    store: str = Field(
        "sqlite:///records.db",
        description="SQLAlchemy URL of the store; a relative SQLite path is inside the workspace. "
        "For a team: postgresql+psycopg://user@host/name, with the password in PGPASSWORD.",
    )
    scheme: str = Field("scheme.yaml", description="The scheme file, relative to the workspace.")
    batch_size: int = Field(32, description="Records that a stage takes at a time.", ge=1)
    workers: int | None = Field(
        None,
        description="Processes that work at once on what reads texts (rules, validation without embeddings); unset, as "
        "many as there are processor cores. What asks a model takes so many batches at once; unset, one.",
        ge=1,
    )
    split: SplitSettings = Field(default_factory=SplitSettings, description="How a set is divided.")
    judge: JudgeSettings = Field(default_factory=JudgeSettings, description="How `curate judge` asks.")
    translate: TranslateSettings = Field(
        default_factory=TranslateSettings, description="How `curate translate` makes records in another language."
    )

"""The [curation] section of curate.toml."""

from __future__ import annotations

from enum import StrEnum

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

    translator: str | None = Field(
        None,
        description="Who translates where `--with` says nothing: llm:NAME, a model of [models.NAME], or seq2seq:NAME, "
        "one of [translators.NAME].",
    )
    prompt: str = Field(
        "translate.v1",
        description="Prompt of the style `translate` that ships with the product, or the path of a jinja file.",
    )
    mention_prompt: str = Field(
        "mention.v1",
        description="Prompt of the style `mention`, by which a model is asked where its translation says what a marked "
        "wording says whose markers got lost.",
    )
    judge_prompt: str = Field(
        "adequacy.v1",
        description="Prompt of the style `adequacy`, by which a model judges translations (`translate --judge`).",
    )
    retry_temperature: float = Field(
        0.7,
        description="Temperature of a model that translates again what has findings, where its own is 0, at which it "
        "would say the same.",
        gt=0,
        le=2,
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
    encoder: str | None = Field(
        None,
        description="An encoder on this machine that knows both languages, such as multilingual-e5-small (extra "
        "[multilingual]): where spans stand is told by what words mean too. Unset: by spelling, glossary and place.",
    )


class RougeProfile(StrEnum):
    """What counts as a word in ROUGE (`curation.scoring.rouge`)."""

    SNOWBALL = "snowball-v1"
    UNICODE = "unicode-v1"
    ORIGINAL = "rouge-score"


class BertScoreSettings(Frozen):
    """By what BERTScore compares texts, where `--with bertscore` asks for it."""

    encoder: str = Field(
        "all-MiniLM-L6-v2",
        description="The encoder: the packaged one, a folder, or a name on the Hugging Face hub (fetched once, with "
        "--allow-download); weights as safetensors only.",
    )
    layer: int | None = Field(
        None,
        description="The layer whose output is compared, from 1; unset, the one that BERTScore's authors found best "
        "for the model, or the last.",
        ge=0,
    )
    languages: tuple[str, ...] = Field(
        (),
        description="Languages (ISO 639-1) that the encoder reads; unset, what its name, card and vocabulary say. "
        "Records in others are not measured.",
    )
    idf: bool = Field(False, description="Whether rare tokens of the reference count more than frequent ones.")
    baselines: dict[str, str] = Field(
        default_factory=dict,
        description="By language, the file of bert-score with the scores of unrelated texts, by which scores are "
        "rescaled. Where there is any, records in other languages are not measured.",
    )


class ScoringSettings(Frozen):
    """How `curate evaluate` and `curate compare` measure wording."""

    rouge: RougeProfile = Field(
        RougeProfile.SNOWBALL,
        description="What counts as a word in ROUGE: snowball-v1 (whole words and numbers, endings cut in the record's "
        "language), unicode-v1 (words by Unicode's rules; needs the extra [scores]), or rouge-score (the original, for "
        "English). Figures are only comparable under the same one.",
    )
    bertscore: BertScoreSettings = Field(
        default_factory=BertScoreSettings, description="By what BERTScore compares texts."
    )


class GenerateSettings(Frozen):
    """How a language model tells cases (`curate generate --with llm:NAME`). Weights: how often each is drawn."""

    prompt: str = Field("tell.v1", description="Prompt of the style `tell`, by which facts become a text.")
    report_prompt: str = Field("condense.v1", description="Prompt of the style `condense`, for summaries of reports.")
    find_prompt: str = Field(
        "told.v1", description="Prompt of the style `told`, by which it is asked where a text says a fact."
    )
    note_types: dict[str, float] = Field(
        {"discharge summary": 3, "admission note": 2, "progress note": 1, "referral letter": 1, "case report": 2},
        description="Kinds of note, each with its weight.",
    )
    styles: dict[str, float] = Field(
        {"continuous prose": 3, "short sentences": 2, "telegraphic, with abbreviations": 1, "headed sections": 2},
        description="Styles, each with its weight.",
    )
    lengths: dict[str, float] = Field(
        {"as short as the facts allow": 2, "about 150 words": 3, "about 300 words": 1},
        description="Lengths, each with its weight.",
    )
    specialties: dict[str, float] = Field(
        {}, description="Specialties, each with its weight; empty, a case has its own, where it has one."
    )
    languages: dict[str, float] = Field(
        {}, description="Weights of the languages that cases are told in; of one that is not named, 1."
    )
    report_words: int = Field(
        200, description="Words from which on a record counts as a report that is summarised.", ge=1
    )
    copied_words: int = Field(
        13,
        description="So many words in a row of a record of the store are no chance: a text that has them is told again "
        "once, and not taken in with them.",
        ge=5,
    )
    copied_share: float = Field(
        0.5,
        description="Share of a summary's words that may stand in its report in rows of `copied_words`, at most.",
        ge=0,
        le=1,
    )
    similar: float = Field(
        0.6,
        description="Texts at least this similar (Jaccard over word shingles) are told anew, in another manner.",
        gt=0,
        le=1,
    )
    anew: int = Field(
        2, description="How often a text is told anew for that, at most; then it stays, and is counted.", ge=0
    )

    @model_validator(mode="after")
    def _can_be_drawn(self) -> GenerateSettings:
        for name in ("note_types", "styles", "lengths", "specialties", "languages"):
            weights = getattr(self, name)
            if any(not 0 <= weight < float("inf") for weight in weights.values()) or (
                weights and not any(weights.values())
            ):
                raise ValueError(f"{name}: expected weights of at least 0, one of them above, got {weights}")
        return self


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
    scoring: ScoringSettings = Field(
        default_factory=ScoringSettings, description="How `curate evaluate` and `curate compare` measure wording."
    )
    generate: GenerateSettings = Field(
        default_factory=GenerateSettings, description="How a language model tells cases in `curate generate`."
    )

